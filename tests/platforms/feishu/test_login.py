"""Logging in with Feishu, against answers a fake HTTP client gives."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.core.errors import GrantRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AuthorizeRequest
from app.core.values import CodeGrant, TokenSet
from app.platforms.feishu.error_codes import MEANINGS
from tests.platforms.answering import answer
from tests.platforms.feishu.channel import FakeHttp, connector, fails_with
from tests.platforms.feishu.signing import APP_ID, VECTORS

REDIRECT = "https://gw.example.com/oauth/feishu/callback?x=1&y=ü"
PKCE = VECTORS["pkce"][0]
TOKENS = TokenSet("eyJ-old", 7200, "eyJ-refresh-old", 604800, "auth:user.id:read offline_access")
GOOD = {
    "code": 0,
    "access_token": "eyJ-new",
    "expires_in": 7200,
    "refresh_token": "eyJ-refresh-new",
    "refresh_token_expires_in": 604800,
    "token_type": "Bearer",
    "scope": "offline_access",
}
SECRETS = ("demo-app-secret", "the-code", "eyJ-", PKCE["verifier"])


def authorize(flow_scope: str | None = None, **overrides: Any) -> list[tuple[str, str]]:
    request = AuthorizeRequest(REDIRECT, "st&te=1", PKCE["challenge"], flow_scope)
    url = connector(**overrides).authorize_url(request)
    return parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)


def exchange(*answers: Any) -> TokenSet:
    return connector().exchange(CodeGrant("the-code", REDIRECT, PKCE["verifier"]), FakeHttp(list(answers)))


def refresh(*answers: Any, tokens: TokenSet = TOKENS) -> TokenSet:
    return connector().refresh(tokens, FakeHttp(list(answers)))


# ---------------------------------------------------------------- authorize page


def test_the_authorize_page_gets_every_parameter_once_in_a_stable_order() -> None:
    assert authorize() == [
        ("client_id", APP_ID),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", "offline_access"),
        ("state", "st&te=1"),
        ("code_challenge", PKCE["challenge"]),
        ("code_challenge_method", "S256"),
    ]


def test_the_authorize_page_is_written_without_plus_signs_or_raw_characters() -> None:
    request = AuthorizeRequest(REDIRECT, "s", "c", "a:b offline_access")
    url = connector().authorize_url(request)
    assert url.startswith("https://accounts.feishu.cn/open-apis/authen/v1/authorize?client_id=cli_demo0001&")
    assert "scope=a%3Ab%20offline_access" in url
    assert (
        "redirect_uri=https%3A%2F%2Fgw.example.com%2Foauth%2Ffeishu%2Fcallback%3Fx%3D1%26y%3D%C3%BC&" in url
    )


def test_the_scope_comes_from_the_channel_unless_the_flow_has_its_own() -> None:
    assert ("scope", "a b") in authorize(scope="a  b a")
    assert ("scope", "x y") in authorize("x y", scope="a b")


def test_an_empty_scope_is_left_out() -> None:
    assert "scope" not in dict(authorize(scope=""))
    assert "scope" not in dict(authorize(""))


def test_lark_has_a_login_page_of_its_own() -> None:
    url = connector(brand="lark").authorize_url(AuthorizeRequest(REDIRECT, "s", "c"))
    assert url.startswith("https://accounts.larksuite.com/")


# ---------------------------------------------------------------- code exchange


def test_a_code_is_redeemed_with_one_form_and_no_basic_header() -> None:
    http = FakeHttp([answer(GOOD)])
    connector().exchange(CodeGrant("the-code", REDIRECT, PKCE["verifier"]), http)
    (call,) = http.calls
    assert (call.method, call.url) == ("POST", "https://accounts.feishu.cn/oauth/v3/token")
    assert call.form == {
        "grant_type": "authorization_code",
        "client_id": APP_ID,
        "client_secret": "demo-app-secret",
        "code": "the-code",
        "redirect_uri": REDIRECT,
        "code_verifier": PKCE["verifier"],
    }
    assert call.json is None
    assert "authorization" not in {name.lower() for name in call.headers}


@pytest.mark.parametrize("code", [0, "0", ...], ids=repr)
def test_success_may_be_a_number_a_text_or_nothing(code: object) -> None:
    content = {name: value for name, value in (GOOD | {"code": code}).items() if value is not ...}
    assert exchange(answer(content)) == TokenSet("eyJ-new", 7200, "eyJ-refresh-new", 604800, "offline_access")


def test_a_login_without_a_refresh_token_works() -> None:
    content = {"code": 0, "access_token": "eyJ-new", "expires_in": 7200, "token_type": "Bearer"}
    found = exchange(answer(content))
    assert (found.refresh_token, found.refresh_expires_in) == (None, None)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (7200, 7200), ("7200", 7200), (299, 299), (7200.9, 7200), (1, 60), (10**12, 30 * 86400),
        ("9" * 18, 30 * 86400), (0, 7200), (-1, 7200), ("-5", 7200), (None, 7200), (True, 7200), ("soon", 7200),
        ([], 7200), ("9" * 5000, 7200),
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_lifetimes_are_kept_within_reason(given: object, kept: int) -> None:
    assert exchange(answer(GOOD | {"expires_in": given})).expires_in == kept


@pytest.mark.parametrize(
    ("given", "kept"), [(0, None), (-1, None), ("604800", 604800), (10**12, 366 * 86400)]
)
def test_the_life_of_a_refresh_token_is_kept_within_reason(given: object, kept: int | None) -> None:
    assert exchange(answer(GOOD | {"refresh_token_expires_in": given})).refresh_expires_in == kept


@pytest.mark.parametrize("token", [None, "", 7, "two words", "line\nbreak", "ü", "x" * 20_000, ["x"]])
def test_an_access_token_that_cannot_stand_in_a_header_is_refused(token: object) -> None:
    fails_with(UpstreamError, lambda: exchange(answer(GOOD | {"access_token": token})))


@pytest.mark.parametrize("code", ["20003", "20004", "20065", "20049", "invalid_grant"])
def test_a_dead_code_means_logging_in_again(code: str) -> None:
    error = fails_with(GrantRejected, lambda: exchange(refused(code)))
    assert error.platform_code == code


@pytest.mark.parametrize("code", ["20008", "20009", "20010", "20066"])
def test_a_person_the_company_keeps_out_is_refused(code: str) -> None:
    error = fails_with(UpstreamError, lambda: exchange(refused(code)))
    assert (error.code, error.http_status) == ("login_refused", 403)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("20002", "app_secret"),
        ("20048", "app_id"),
        ("20024", "app_secret"),
        ("20071", "PUBLIC_BASE_URL"),
        ("20069", "developer console"),
        ("20067", "scope"),
    ],
)
def test_a_fault_of_the_configuration_says_what_to_fix(code: str, named: str) -> None:
    error = fails_with(UpstreamError, lambda: exchange(refused(code)))
    assert named in error.message


@pytest.mark.parametrize(
    "busy",
    [
        answer({"code": 20050, "error": "server_error"}, 500),
        answer({"code": 20072, "error": "temporarily_unavailable"}, 503),
        answer({"code": 99991400, "msg": "limited"}, 429),
        answer({"code": 99991400, "msg": "limited"}, 400),
        answer(b"<html>bad gateway</html>", 502),
        answer(b"", 429),
        answer({}, 500),
    ],
    ids=["20050", "20072", "429", "limited with 400", "no JSON", "empty 429", "bare 500"],
)
def test_a_busy_platform_is_told_apart_and_asked_once(busy: Any) -> None:
    http = FakeHttp([busy])
    fails_with(UpstreamUnavailable, lambda: connector().exchange(CodeGrant("the-code", REDIRECT, "v"), http))
    assert len(http.calls) == 1


@pytest.mark.parametrize(
    ("value", "seconds"), [("2", 2), (" 2 ", 2), ("0", 1), ("999999", 3600), ("soon", None), ("", None)]
)
def test_the_wait_a_rate_limit_asks_for_is_kept(value: str, seconds: int | None) -> None:
    limited = answer({"code": 99991400}, 429, {"X-Ogw-Ratelimit-Reset": value})
    assert fails_with(UpstreamUnavailable, lambda: exchange(limited)).retry_after == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "17", "X-Ogw-Ratelimit-Reset": "2"}, 2),
        ({"Retry-After": "17", "X-Ogw-Ratelimit-Reset": "soon"}, 17),
        ({"Retry-After": "soon"}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_feishus_own_wait_comes_before_the_usual_one(
    status: int, headers: dict[str, str], seconds: int | None
) -> None:
    limited = answer(b"", status, headers)
    assert fails_with(UpstreamUnavailable, lambda: exchange(limited)).retry_after == seconds


def test_an_error_behind_http_200_is_an_error() -> None:
    assert (
        fails_with(UpstreamError, lambda: exchange(answer({"code": 20002, "msg": "x"}))).platform_code
        == "20002"
    )


@pytest.mark.parametrize("code", [True, False, [0], {"x": 0}, "0x0", "", 1.5, "a b\n", "x" * 99])
def test_a_code_of_another_kind_is_an_error(code: object) -> None:
    fails_with(UpstreamError, lambda: exchange(answer(GOOD | {"code": code})))


def test_an_error_number_that_is_no_word_is_not_passed_on() -> None:
    error = fails_with(
        UpstreamError, lambda: exchange(answer({"code": "client_secret=demo-app-secret"}, 400))
    )
    assert error.platform_code == "unreadable"


def test_a_plain_text_404_names_the_address_to_check() -> None:
    error = fails_with(UpstreamError, lambda: exchange(answer(b"404 page not found", 404)))
    assert "accounts_base" in error.message
    assert "404" in error.message


def test_a_network_fault_goes_through_as_it_is() -> None:
    fails_with(UpstreamUnavailable, lambda: exchange(UpstreamUnavailable("cannot be reached")))


@pytest.mark.parametrize("content", [[], "x", 7, None, b"", b"\xff"])
def test_an_answer_that_is_no_object_is_an_error(content: Any) -> None:
    fails_with(UpstreamError, lambda: exchange(answer(content)))


def refused(code: str, status: int = 400) -> Any:
    text = "client_secret demo-app-secret, code the-code"
    number: dict[str, Any] = {"code": int(code)} if code.isdigit() else {}
    word = "invalid_grant" if code.isdigit() else code
    return answer(number | {"error": word, "error_description": text}, status)


@pytest.mark.parametrize("code", [*MEANINGS, "12345", "no_such_word"])
def test_no_error_carries_a_secret_or_the_platforms_own_text(code: str) -> None:
    for act in (lambda: exchange(refused(code)), lambda: refresh(refused(code))):
        with pytest.raises(UpstreamError) as caught:
            act()
        assert caught.value.platform_code == code
        assert not [secret for secret in SECRETS if secret in f"{caught.value!r} {caught.value.message}"]
        assert caught.value.message.endswith(".")


# ---------------------------------------------------------------- refresh


def test_a_refresh_sends_the_refresh_token_and_gets_a_new_pair() -> None:
    http = FakeHttp([answer(GOOD)])
    found = connector().refresh(TOKENS, http)
    assert http.calls[0].form == {
        "grant_type": "refresh_token",
        "client_id": APP_ID,
        "client_secret": "demo-app-secret",
        "refresh_token": "eyJ-refresh-old",
    }
    assert (found.access_token, found.refresh_token) == ("eyJ-new", "eyJ-refresh-new")


def test_what_a_refresh_leaves_out_stays_as_it_was() -> None:
    found = refresh(answer({"code": 0, "access_token": "eyJ-new"}))
    assert (found.refresh_token, found.scope, found.expires_in) == (
        "eyJ-refresh-old",
        "auth:user.id:read offline_access",
        7200,
    )
    assert found.refresh_expires_in is None


def test_a_refresh_without_a_refresh_token_asks_nobody() -> None:
    http = FakeHttp([])
    error = fails_with(GrantRejected, lambda: connector().refresh(TokenSet("eyJ-old"), http))
    assert "offline_access" in error.message


@pytest.mark.parametrize("code", ["20026", "20037", "20064", "20073", "99991669", "20008", "20010", "20066"])
def test_a_dead_refresh_token_means_logging_in_again(code: str) -> None:
    assert fails_with(GrantRejected, lambda: refresh(refused(code))).platform_code == code


@pytest.mark.parametrize("busy", [(500, 20050), (503, 20072), (400, 20050), (502, 20026)])
def test_an_unsure_refresh_keeps_the_old_token(busy: tuple[int, int]) -> None:
    status, code = busy
    fails_with(UpstreamUnavailable, lambda: refresh(answer({"code": code}, status)))


@pytest.mark.parametrize("code", ["20002", "20074", "20069"])
def test_a_configuration_fault_does_not_end_the_login(code: str) -> None:
    fails_with(UpstreamError, lambda: refresh(refused(code)))
