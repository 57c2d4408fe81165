"""Logging in with DingTalk: the recorded answers, and what is odd."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AuthorizeRequest
from app.core.values import CodeGrant, TokenSet
from app.platforms.dingtalk.error_codes import MEANINGS
from tests.platforms.answering import answer
from tests.platforms.dingtalk.channel import VECTORS, FakeHttp, connector

GRANT = CodeGrant("CODE-1", "https://gate.example.com/cb/x", "v")
CLIENT = {
    "app_key": VECTORS["login_settings"]["client_id"],
    "app_secret": VECTORS["login_settings"]["client_secret"],
}
LOGINS = {case["name"]: case for case in VECTORS["logins"] if case["flow"] == "login" and case["exchanges"]}
GOOD = {name: case for name, case in LOGINS.items() if "expect" in case}
BAD = {name: case for name, case in LOGINS.items() if "expect_error" in case}
KINDS = {"grant_rejected": GrantRejected, "token_rejected": TokenRejected, "config": UpstreamError}
PERSON = {"nick": "钉钉用户", "openId": "dtopen", "unionId": "dtunion", "mobile": "13800000000"}
AT = {"accessToken": "at", "refreshToken": "rt", "expireIn": 7200}


def played(case: dict[str, Any]) -> FakeHttp:
    return FakeHttp(
        [answer(each["answer"]["body"].encode(), each["answer"]["status"]) for each in case["exchanges"]]
    )


def identified(person: dict[str, Any]) -> Any:
    return connector().identity(TokenSet("at"), FakeHttp([answer(person)]))


@pytest.mark.parametrize("name", GOOD)
def test_a_recorded_login_names_the_person(name: str) -> None:
    case, source = GOOD[name], connector(**CLIENT)
    http, expected = played(case), case["expect"]
    tokens = source.exchange(GRANT, http)
    found = source.identity(tokens, http)
    assert (found.subject, found.union_id, found.name) == (
        expected["subject"],
        expected["union_id"],
        expected["name"],
    )
    assert (tokens.expires_in, tokens.refresh_token) == (expected["expires_in"], expected["refresh_token"])
    assert (found.avatar_url, found.profile.get("email")) == (expected["avatar"], expected["email"])
    assert found.profile.get("corp_id") == expected["tenant"]
    for call, exchange in zip(http.calls, case["exchanges"], strict=True):
        asked = exchange["request"]
        assert (call[0], call[1], call[2]) == (asked["method"], asked["url"], asked.get("body"))
        assert call[3] == asked.get("headers", {})


@pytest.mark.parametrize("name", BAD)
def test_a_recorded_failure_is_of_its_kind_and_keeps_its_word(name: str) -> None:
    case, source = BAD[name], connector(**CLIENT)
    http, expected = played(case), case["expect_error"]
    with pytest.raises(UpstreamError) as caught:
        source.identity(source.exchange(GRANT, http), http)
    assert (type(caught.value), caught.value.platform_code) == (KINDS[expected["class"]], expected["code"])


def test_a_recorded_refresh_gives_a_new_pair() -> None:
    (case,) = [case for case in VECTORS["logins"] if case["flow"] == "refresh"]
    http = played(case)
    found = connector(**CLIENT).refresh(TokenSet("old", refresh_token="RT-OLD", extra={"corp_id": "c"}), http)
    expected = case["expect"]
    assert (found.access_token, found.expires_in, found.refresh_token) == (
        expected["access_token"], expected["expires_in"], expected["refresh_token"]
    )  # fmt: skip
    assert found.extra == {"corp_id": "c"}
    assert case["exchanges"][0]["request"]["body"].items() <= http.calls[0][2].items()


def test_the_login_page_gets_every_parameter_once() -> None:
    url = connector().authorize_url(AuthorizeRequest("https://gw.example.com/cb", "st&te=1", "challenge"))
    parts = urlsplit(url)
    assert (parts.netloc, parts.path) == ("login.dingtalk.com", "/oauth2/auth")
    assert dict(parse_qsl(parts.query, strict_parsing=True)) == {
        "redirect_uri": "https://gw.example.com/cb",
        "response_type": "code",
        "client_id": connector().settings.app_key,
        "scope": "openid",
        "state": "st&te=1",
        "prompt": "consent",
    }


def test_a_channel_of_one_company_lets_only_its_people_in() -> None:
    source = connector(corp_id="ding9f")
    query = dict(parse_qsl(urlsplit(source.authorize_url(AuthorizeRequest("https://x/cb", "s", "c"))).query))
    assert (query["scope"], query["exclusiveCorpId"], query["exclusiveLogin"]) == (
        "openid corpid",
        "ding9f",
        "true",
    )
    assert source.exchange(GRANT, FakeHttp([answer(AT | {"corpId": "ding9f"})])).extra == {
        "corp_id": "ding9f"
    }
    for other in ({"corpId": "dingother"}, {}, {"corpId": ""}, {"corpId": ["ding9f"]}):
        with pytest.raises(UpstreamError) as caught:
            source.exchange(GRANT, FakeHttp([answer(AT | other)]))
        assert (caught.value.code, caught.value.http_status) == ("login_refused", 403)


@pytest.mark.parametrize("subject", [None, "", " ", 5, True, [], {}, "x" * 1001])
def test_a_reply_without_an_open_id_is_no_login(subject: object) -> None:
    with pytest.raises(UpstreamError, match="openId"):
        identified(PERSON | {"openId": subject})


def test_the_phone_number_is_not_kept() -> None:
    assert "13800000000" not in str(identified(PERSON))


@pytest.mark.parametrize("avatar", ["javascript:alert(1)", "", None, 5])
def test_only_a_web_address_is_shown_as_a_picture(avatar: object) -> None:
    assert identified(PERSON | {"avatarUrl": avatar}).avatar_url is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("7200", 7200),
        (0, 7200),
        (None, 7200),
        (True, 7200),
        (1, 60),
        ("9" * 40, 7200),
        (10**9 - 1, 2_592_000),
    ],
)
def test_a_lifetime_is_bounded_whatever_is_said(given: object, kept: int) -> None:
    assert connector().exchange(GRANT, FakeHttp([answer(AT | {"expireIn": given})])).expires_in == kept


@pytest.mark.parametrize("token", [None, "", 5, "a b", "é", "x" * 5000])
def test_an_answer_without_a_usable_token_is_no_login(token: object) -> None:
    with pytest.raises(UpstreamError, match="accessToken"):
        connector().exchange(GRANT, FakeHttp([answer(AT | {"accessToken": token})]))


def test_a_login_without_a_refresh_token_ends() -> None:
    with pytest.raises(GrantRejected):
        connector().refresh(TokenSet("at"), FakeHttp([]))


@pytest.mark.parametrize(
    ("content", "status", "kind", "word"),
    [
        ({"code": "new.Word"}, 400, UpstreamError, "new.Word"),
        ({"code": "x"}, 200, UpstreamError, "x"),
        ({"code": "<script>"}, 400, UpstreamError, "http_400"),
        ({}, 401, TokenRejected, "http_401"),
        (b"<html>", 404, UpstreamError, "http_404"),
        (b"<html>", 500, UpstreamUnavailable, "http_500"),
        ({"code": "Throttling"}, 429, UpstreamUnavailable, "http_429"),
    ],
)
def test_an_unknown_refusal_is_judged_by_its_status(
    content: object, status: int, kind: type[UpstreamError], word: str
) -> None:
    with pytest.raises(UpstreamError) as caught:
        connector().identity(TokenSet("at"), FakeHttp([answer(content, status)]))
    assert (type(caught.value), caught.value.platform_code) == (kind, word)


@pytest.mark.parametrize("word", MEANINGS)
def test_every_known_refusal_has_its_sentence(word: str) -> None:
    with pytest.raises(MEANINGS[word][0]) as caught:
        connector().identity(TokenSet("at"), FakeHttp([answer({"code": word, "message": "secret"}, 400)]))
    assert str(caught.value) == MEANINGS[word][1]


def test_the_app_token_is_asked_for_with_the_credentials() -> None:
    http = FakeHttp([answer({"accessToken": "app-1", "expireIn": 7200})])
    found = connector(**CLIENT).fetch_app_token(http, rejected=None)
    assert (found.value, found.expires_in) == ("app-1", 7200)
    assert http.calls == [
        (
            "POST",
            "https://api.dingtalk.com/v1.0/oauth2/accessToken",
            {"appKey": "dingkey1", "appSecret": "dingsecret"},
            {},
        )
    ]
    with pytest.raises(UpstreamError, match="accessToken"):
        connector().fetch_app_token(FakeHttp([answer({"expireIn": 7200})]), rejected=None)
