"""Signed calls of the gateway: what is sent, and which answers are believed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.platforms.alipay.error_codes import MEANINGS
from app.platforms.alipay.gateway import ask, proven_content, signed_request
from app.wire.json_members import member_text
from tests.platforms.alipay.channel import (
    APP_ID,
    CERTIFICATES,
    PEM,
    VECTORS,
    FakeHttp,
    base64_der,
    connector,
    signed_answer,
)
from tests.platforms.answering import answer

METHOD = "alipay.system.oauth.token"
PROFILE = "alipay.user.info.share"
ASKED_AT = datetime(2026, 5, 28, 12, 26, 40, tzinfo=UTC).timestamp()
REQUESTS = {case["name"]: case for case in VECTORS["signed_requests"]}
ANSWERS = {case["name"]: case for case in VECTORS["signed_responses"]}
USUAL = {
    "app_id",
    "method",
    "format",
    "charset",
    "sign_type",
    "timestamp",
    "version",
    "app_cert_sn",
    "alipay_root_cert_sn",
}


def method_of(body: str) -> str:
    return PROFILE if "user_info_share" in body else METHOD


def believed(body: str | bytes, **overrides: Any) -> Any:
    raw = body.encode() if isinstance(body, str) else body
    return proven_content(connector(**overrides), method_of(raw.decode("utf-8", "replace")), answer(raw))


def failure(body: str | bytes, status: int = 200, **overrides: Any) -> UpstreamError:
    raw = body.encode() if isinstance(body, str) else body
    with pytest.raises(UpstreamError) as caught:
        proven_content(connector(**overrides), METHOD, answer(raw, status))
    return caught.value


@pytest.mark.parametrize("name", REQUESTS)
def test_a_recorded_request_is_signed_the_same(name: str) -> None:
    fields = REQUESTS[name]["params"]
    mode = CERTIFICATES if "app_cert_sn" in fields else {}
    own = {key: value for key, value in fields.items() if key not in USUAL}
    made = signed_request(connector(**mode), fields["method"], own, asked_at=ASKED_AT)
    assert made == fields | {"sign": REQUESTS[name]["sign"]}


def test_an_empty_parameter_is_neither_signed_nor_sent() -> None:
    made = signed_request(connector(), METHOD, {"code": "c", "auth_token": ""}, asked_at=ASKED_AT)
    assert made == signed_request(connector(), METHOD, {"code": "c"}, asked_at=ASKED_AT)


@pytest.mark.parametrize(
    "name", [name for name in ANSWERS if ANSWERS[name]["signature_valid"] and "error" not in name]
)
def test_a_recorded_answer_is_believed(name: str) -> None:
    body = ANSWERS[name]["body_text"]
    assert believed(body)
    assert (
        member_text(body.encode(), f"{method_of(body).replace('.', '_')}_response")
        == ANSWERS[name]["verified_substring"]
    )


def test_an_answer_signed_with_another_key_is_refused_with_what_to_look_at() -> None:
    error = failure(ANSWERS["wrong key"]["body_text"])
    assert error.platform_code == "bad_signature"
    assert "alipay_public_key" in error.message


def test_a_recorded_error_says_what_it_is() -> None:
    error = failure(ANSWERS["error response"]["body_text"])
    assert (type(error), error.platform_code) == (GrantRejected, "isv.code-invalid")


def test_in_certificate_mode_a_newer_certificate_of_alipay_is_named() -> None:
    body = ANSWERS["oauth token, certificate mode"]["body_text"]
    assert believed(body, **CERTIFICATES)
    other = body.replace(VECTORS["certificate_serials"]["alipay_cert_sn"], "0" * 32)
    error = failure(other, 200, **CERTIFICATES)
    assert (error.platform_code, "download" in error.message) == ("other_certificate", True)


@pytest.mark.parametrize(
    "change",
    [
        ("ALIPAY", "ALIPAX"),
        ("1296000", "9296000"),
        (',"sign":"', ',"sing":"'),
        ('"sign":"', '"sign":"é'),
        ('"sign":"', '"sign":5,"x":"'),
    ],
    ids=str,
)
def test_an_altered_answer_is_refused(change: tuple[str, str]) -> None:
    body = ANSWERS["oauth token, open_id application"]["body_text"].replace("authbseB2026", "ALIPAYB2026")
    original = signed_answer(METHOD, {"access_token": "ALIPAY", "expires_in": 1296000}).body.decode()
    assert believed(original)
    assert failure(original.replace(*change)).platform_code == "bad_signature"
    assert failure(body).platform_code == "bad_signature"


def test_an_object_of_that_name_elsewhere_in_the_answer_is_not_the_signed_one() -> None:
    """A text search for the name finds the wrong object first; the members of the answer itself count."""
    name = "alipay_system_oauth_token_response"
    good = signed_answer(METHOD, {"access_token": "real"}).body.decode()
    signature = good[good.index(',"sign"') : -1]
    forged = (
        f'{{"x":{{"{name}":{{"access_token": "real"}}}},"{name}":{{"access_token": "forged"}}{signature}}}'
    )
    assert failure(forged).platform_code == "bad_signature"


def test_blanks_and_order_around_the_signed_text_do_not_matter() -> None:
    good = signed_answer(METHOD, {"access_token": 'a}{\\"', "n": {"m": [1, 2]}}).body.decode()
    name, rest = good[1:].split(":", 1)
    content, sign = rest[:-1].rsplit(',"sign":', 1)
    loose = f' {{ "sign" : {sign} ,\n "other" : [ 1 ] , {name} \t: {content} }} '
    assert believed(loose)["n"] == {"m": [1, 2]}


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "{}", '{"alipay_system_oauth_token_response":5}', '{"error_response":"x"}']
)
def test_an_answer_that_cannot_be_read_points_to_the_address(body: str) -> None:
    assert "gateway_url" in failure(body).message


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_gateway_may_be_asked_again(status: int) -> None:
    assert type(failure("<html>", status)) is UpstreamUnavailable


@pytest.mark.parametrize("word", MEANINGS)
def test_every_known_error_has_its_kind_and_keeps_its_word(word: str) -> None:
    kind, sentence = MEANINGS[word]
    error = failure(f'{{"error_response":{{"code":"40004","sub_code":"{word}","sub_msg":"secret text"}}}}')
    assert (type(error), error.message, error.platform_code) == (kind, sentence, word)


@pytest.mark.parametrize(
    ("content", "kind", "shown"),
    [
        ('{"code":"20001","sub_code":"aop.something-new"}', TokenRejected, "aop.something-new"),
        ('{"code":"40004","sub_code":"new.word"}', UpstreamError, "new.word"),
        ('{"code":20000}', UpstreamUnavailable, "20000"),
        ('{"code":{},"sub_code":"<script>"}', UpstreamError, "unreadable"),
        ("{}", UpstreamError, "unreadable"),
    ],
)
def test_an_unknown_error_is_judged_by_its_general_code(
    content: str, kind: type[UpstreamError], shown: str
) -> None:
    error = failure(f'{{"error_response":{content}}}')
    assert (type(error), error.platform_code) == (kind, shown)
    assert "script" not in error.message


def test_an_error_within_the_methods_own_answer_is_an_error_too() -> None:
    body = signed_answer(
        METHOD, {"code": "20001", "sub_code": "aop.invalid-auth-token", "access_token": "x"}
    ).body
    assert type(failure(body)) is TokenRejected


def test_a_call_goes_to_the_configured_gateway_and_holds_no_key() -> None:
    http = FakeHttp([signed_answer(METHOD, {"access_token": "a"})])
    ask(connector(gateway_url="https://gw.test/gateway.do"), http, METHOD, {"code": "c"}, asked_at=ASKED_AT)
    ((verb, url, fields),) = http.calls
    assert (verb, url, fields["app_id"], fields["code"]) == (
        "POST",
        "https://gw.test/gateway.do",
        APP_ID,
        "c",
    )
    assert base64_der(PEM["app_private_key_pem"])[:40] not in str(fields)
