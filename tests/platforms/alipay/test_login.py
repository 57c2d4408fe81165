"""Logging in with Alipay, against answers a fake HTTP client gives."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.core.errors import GrantRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AuthorizeRequest
from app.core.values import CodeGrant, Identity, TokenSet
from tests.platforms.alipay.channel import APP_ID, FakeHttp, connector, signed_answer

TOKEN = "alipay.system.oauth.token"
PROFILE = "alipay.user.info.share"
REDIRECT = "https://gw.example.com/oauth/alipay/callback"
GRANT = CodeGrant("the-code", REDIRECT, "verifier", redeemed_at=1_780_000_000)
GOOD = {
    "access_token": "authbseAT",
    "expires_in": 1_296_000,
    "refresh_token": "authbseRT",
    "re_expires_in": 2_592_000,
    "open_id": "074a1",
}
SHOWN = {
    "code": "10000",
    "msg": "Success",
    "open_id": "074a1",
    "nick_name": "支付宝用户",
    "avatar": "https://img.example/a",
}
TOKENS = TokenSet("authbseAT", refresh_token="authbseRT", extra={"open_id": "074a1"}, asked_at=1_780_000_000)


def exchanged(content: dict[str, Any]) -> TokenSet:
    return connector().exchange(GRANT, FakeHttp([signed_answer(TOKEN, content)]))


def identified(profile: dict[str, Any], tokens: TokenSet = TOKENS, **overrides: Any) -> Identity:
    return connector(**overrides).identity(tokens, FakeHttp([signed_answer(PROFILE, profile)]))


def test_the_login_page_gets_every_parameter_once() -> None:
    url = connector().authorize_url(AuthorizeRequest(REDIRECT, "st&te=1", "challenge"))
    parts = urlsplit(url)
    assert (parts.netloc, parts.path) == ("openauth.alipay.com", "/oauth2/publicAppAuthorize.htm")
    assert parse_qsl(parts.query, strict_parsing=True) == [
        ("app_id", APP_ID),
        ("scope", "auth_user"),
        ("redirect_uri", REDIRECT),
        ("state", "st&te=1"),
    ]


def test_a_code_is_redeemed_once_with_the_time_of_now_in_beijing() -> None:
    http = FakeHttp([signed_answer(TOKEN, GOOD)])
    found = connector().exchange(GRANT, http)
    ((_, _, fields),) = http.calls
    assert (fields["method"], fields["grant_type"], fields["code"]) == (
        TOKEN,
        "authorization_code",
        "the-code",
    )
    assert fields["timestamp"] == "2026-05-29 04:26:40"
    assert found == TokenSet("authbseAT", 1_296_000, "authbseRT", 2_592_000, extra={"open_id": "074a1"})


def test_a_lost_answer_does_not_repeat_the_code() -> None:
    http = FakeHttp([UpstreamUnavailable("gone"), signed_answer(TOKEN, GOOD)])
    with pytest.raises(UpstreamUnavailable):
        connector().exchange(GRANT, http)
    assert len(http.calls) == 1


@pytest.mark.parametrize("token", [None, "", 5, "a b", "é", "x" * 5000, ["a"]])
def test_an_answer_without_a_usable_token_is_no_login(token: object) -> None:
    with pytest.raises(UpstreamError, match="access token"):
        exchanged(GOOD | {"access_token": token})


@pytest.mark.parametrize(
    ("given", "kept"),
    [(7200, 7200), ("7200", 7200), (0, 1_296_000), (-1, 1_296_000), (None, 1_296_000), ("9" * 50, 1_296_000),
     (True, 1_296_000), (1, 60), (10**11, 366 * 86_400), (1e9, 1_296_000)],
    ids=repr,
)  # fmt: skip
def test_a_lifetime_is_bounded_whatever_is_said(given: object, kept: int) -> None:
    assert exchanged(GOOD | {"expires_in": given}).expires_in == kept


def test_a_new_application_knows_people_by_open_id() -> None:
    found = identified(SHOWN)
    assert (found.issuer, found.subject_kind, found.subject) == (f"alipay:{APP_ID}", "open_id", "074a1")
    assert (found.name, found.avatar_url) == ("支付宝用户", "https://img.example/a")


def test_an_older_application_knows_people_by_user_id() -> None:
    profile = {name: value for name, value in SHOWN.items() if name != "open_id"} | {
        "user_id": "2088000000000009"
    }
    found = identified(profile, TokenSet("at", extra={"user_id": "2088000000000009"}))
    assert (found.subject_kind, found.subject) == ("user_id", "2088000000000009")


def test_open_id_goes_before_user_id_where_both_are_told() -> None:
    found = identified(SHOWN | {"user_id": "2088000000000009"})
    assert (found.subject_kind, found.subject) == ("open_id", "074a1")


def test_the_profile_may_leave_the_id_to_the_token_answer() -> None:
    assert identified({"code": "10000", "nick_name": "x"}).subject == "074a1"


@pytest.mark.parametrize("subject", [None, "", " ", True, 1.5, [], {}, "x" * 5000])
def test_a_reply_without_an_id_is_no_login(subject: object) -> None:
    with pytest.raises(UpstreamError, match="open_id"):
        identified({"code": "10000", "open_id": subject}, TokenSet("at"))


def test_a_whole_number_is_kept_digit_by_digit() -> None:
    assert identified({"user_id": 2088000000000000009}, TokenSet("at")).subject == "2088000000000000009"


def test_user_information_about_somebody_else_is_refused() -> None:
    with pytest.raises(UpstreamError, match="another person"):
        identified(SHOWN | {"open_id": "074a2"})


@pytest.mark.parametrize("avatar", ["javascript:alert(1)", "", None, 5, "//x"])
def test_only_a_web_address_is_shown_as_a_picture(avatar: object) -> None:
    assert identified(SHOWN | {"avatar": avatar}).avatar_url is None


def test_the_silent_scope_asks_for_no_profile() -> None:
    http = FakeHttp([])
    assert connector(scope="auth_base").identity(TOKENS, http).subject == "074a1"
    assert http.calls == []


def test_a_refresh_keeps_what_the_answer_leaves_out() -> None:
    http = FakeHttp([signed_answer(TOKEN, {"access_token": "new", "expires_in": 7200})])
    found = connector().refresh(TOKENS, http)
    assert found == TokenSet("new", 7200, "authbseRT", None, extra={"open_id": "074a1"})
    ((_, _, fields),) = http.calls
    assert (fields["grant_type"], fields["refresh_token"]) == ("refresh_token", "authbseRT")
    assert fields["timestamp"] == "2026-05-29 04:26:40"


def test_a_login_without_a_refresh_token_ends() -> None:
    with pytest.raises(GrantRejected):
        connector().refresh(TokenSet("at"), FakeHttp([]))
