"""Login inside WeChat: the address, the exchange, who it is, and what every refusal asks the operator to do."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import (
    CallgateError,
    GrantRejected,
    LoginError,
    TokenRejected,
    UpstreamError,
    UpstreamUnavailable,
)
from app.core.ports import AuthorizeRequest
from app.core.values import CodeGrant, TokenSet
from tests.platforms.answering import api, http_answer
from tests.platforms.wechat.account import APP_ID, account

GRANT: dict[str, Any] = {
    "access_token": "ACCESS",
    "expires_in": 7200,
    "refresh_token": "REFRESH",
    "openid": "oPerson",
    "scope": "snsapi_userinfo",
    "unionid": "uPerson",
}
PROFILE: dict[str, Any] = {
    "openid": "oPerson",
    "nickname": "小明😀",
    "sex": 0,
    "language": "zh_CN",
    "city": "",
    "headimgurl": "https://thirdwx.qlogo.cn/mmopen/x/132",
    "privilege": [],
    "unionid": "uPerson",
}
TOKENS = TokenSet("ACCESS", 7200, "REFRESH", scope="snsapi_userinfo", extra={"openid": "oPerson"})


def exchanged(answer: Any, **keys: Any) -> TokenSet:
    return account(**keys).exchange(CodeGrant("CODE", "https://cb.example/x", "verifier"), api(answer))


def refused(answer: Any, error: type[CallgateError]) -> Any:
    with pytest.raises(error) as caught:
        exchanged(answer)
    return caught.value


def test_authorize_address_has_the_order_of_the_platform() -> None:
    url = account().authorize_url(
        AuthorizeRequest("https://cb.example/oauth/wechat/callback?a=1&b=中", "State123", "ch")
    )
    assert url == (
        f"https://open.weixin.qq.com/connect/oauth2/authorize?appid={APP_ID}"
        "&redirect_uri=https%3A%2F%2Fcb.example%2Foauth%2Fwechat%2Fcallback%3Fa%3D1%26b%3D%E4%B8%AD"
        "&response_type=code&scope=snsapi_userinfo&state=State123&connect_redirect=1#wechat_redirect"
    )


def test_scope_of_the_channel_is_used() -> None:
    url = account(scope="snsapi_base").authorize_url(AuthorizeRequest("https://cb", "s", "c"))
    assert "&scope=snsapi_base&" in url


def test_scope_of_the_flow_wins() -> None:
    url = account().authorize_url(AuthorizeRequest("https://cb", "s", "c", scope="snsapi_base"))
    assert "&scope=snsapi_base&" in url


def test_no_pkce_value_is_sent() -> None:
    assert account().pkce is False
    assert "challenge" not in account().authorize_url(AuthorizeRequest("https://cb", "s", "challenge"))


def test_code_is_redeemed_with_the_secret_once() -> None:
    http = api(GRANT)
    account().exchange(CodeGrant("CODE", "https://cb", "v"), http)
    assert http.calls == [
        {
            "method": "GET",
            "url": "https://api.weixin.qq.com/sns/oauth2/access_token",
            "params": {
                "appid": APP_ID,
                "secret": "s3cret",
                "code": "CODE",
                "grant_type": "authorization_code",
            },
            "json": None,
        }
    ]


def test_tokens_keep_what_names_the_person() -> None:
    tokens = exchanged(GRANT)
    assert (tokens.access_token, tokens.refresh_token, tokens.scope) == (
        "ACCESS",
        "REFRESH",
        "snsapi_userinfo",
    )
    assert (tokens.expires_in, tokens.refresh_expires_in) == (7200, 2_592_000)
    assert tokens.extra == {"openid": "oPerson", "unionid": "uPerson"}


@pytest.mark.parametrize("mark", [1, "1", True], ids=repr)
def test_snapshot_visitor_is_nobody(mark: object) -> None:
    error = refused(GRANT | {"is_snapshotuser": mark}, LoginError)
    assert error.code == "snapshot_user"
    assert "full page" in error.message


def test_ordinary_visitor_is_let_in() -> None:
    assert exchanged(GRANT | {"is_snapshotuser": 0})


def test_snapshot_mark_in_the_profile_counts_too() -> None:
    with pytest.raises(LoginError):
        account().identity(TOKENS, api(PROFILE | {"is_snapshotuser": 1}))


@pytest.mark.parametrize("code", [40029, 40163, 41008, 42003])
def test_dead_code_asks_for_a_new_login(code: int) -> None:
    error = refused({"errcode": code, "errmsg": "x, rid: 1"}, GrantRejected)
    assert error.platform_code == str(code)
    assert "start the login again" in error.message


@pytest.mark.parametrize(
    ("code", "setting"),
    [
        (40001, "app_secret"),
        (40125, "app_secret"),
        (40013, "app_id"),
        (40164, "whitelist"),
        (48001, "verified"),
    ],
)
def test_configuration_fault_names_what_to_fix(code: int, setting: str) -> None:
    error = refused({"errcode": code, "errmsg": "no"}, UpstreamError)
    assert error.code == "platform_configuration"
    assert setting in error.message
    assert error.platform_code == str(code)


def test_refused_server_address_is_named() -> None:
    message = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 1"
    assert "203.0.113.7" in refused({"errcode": 40164, "errmsg": message}, UpstreamError).message


@pytest.mark.parametrize("code", [-1, 45011, "-1"], ids=repr)
def test_busy_platform_may_be_asked_again(code: object) -> None:
    error = refused({"errcode": code, "errmsg": "system error"}, UpstreamUnavailable)
    assert error.retry_after


@pytest.mark.parametrize("code", [99999, "soon", 1.5, [1], {"a": 1}, True])
def test_unknown_error_is_still_an_error(code: object) -> None:
    assert refused(GRANT | {"errcode": code}, UpstreamError).code == "platform_refused"


@pytest.mark.parametrize("code", [0, "0", None], ids=repr)
def test_error_number_zero_is_no_error(code: object) -> None:
    assert exchanged(GRANT | {"errcode": code, "errmsg": "ok"}).access_token == "ACCESS"


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"null", b"{", b"[" * 1000])
def test_answer_that_is_no_object_is_a_bad_answer(body: bytes) -> None:
    assert refused(body, UpstreamError).code == "upstream_bad_answer"


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_failing_server_is_unavailable(status: int) -> None:
    refused(http_answer(b"oops", status), UpstreamUnavailable)


@pytest.mark.parametrize(("header", "seconds"), [("17", 17), ("soon", None)])
@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_wechat_asks_for_is_kept(status: int, header: str, seconds: int | None) -> None:
    answer = http_answer(b"oops", status, {"Retry-After": header})
    assert refused(answer, UpstreamUnavailable).retry_after == seconds


def test_strange_status_is_a_bad_answer() -> None:
    refused(http_answer(GRANT, 404), UpstreamError)


@pytest.mark.parametrize("name", ["access_token", "openid"])
@pytest.mark.parametrize("value", [None, "", 5, ["x"]])
def test_answer_without_token_or_person_is_refused(name: str, value: object) -> None:
    assert refused(GRANT | {name: value}, UpstreamError).code == "upstream_bad_answer"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("3600", 3600),
        (200, 200),
        (0, 7200),
        (-5, 7200),
        (10**12, 7200),
        ("9" * 5000, 7200),
        (None, 7200),
        ("x", 7200),
        (True, 7200),
        (1.5, 7200),
    ],
)
def test_lifetime_is_made_sane(given: object, kept: int) -> None:
    assert exchanged(GRANT | {"expires_in": given}).expires_in == kept


def test_no_message_shows_a_secret() -> None:
    error = refused({"errcode": 40029, "errmsg": "CODE s3cret"}, GrantRejected)
    assert "CODE" not in str(error)
    assert "s3cret" not in str(error)


def test_silent_login_knows_only_the_open_id() -> None:
    http = api()
    tokens = TokenSet("ACCESS", scope="snsapi_base", extra={"openid": "oPerson", "unionid": "uPerson"})
    identity = account().identity(tokens, http)
    assert (identity.issuer, identity.subject_kind, identity.subject) == (
        f"wechat:{APP_ID}",
        "open_id",
        "oPerson",
    )
    assert (identity.name, identity.union_id, http.calls) == (None, "uPerson", [])


def test_profile_is_read_after_consent() -> None:
    http = api(PROFILE)
    identity = account().identity(TOKENS, http)
    assert http.calls[0]["url"] == "https://api.weixin.qq.com/sns/userinfo"
    assert http.calls[0]["params"] == {"access_token": "ACCESS", "openid": "oPerson", "lang": "zh_CN"}
    assert (identity.subject, identity.union_id, identity.name) == ("oPerson", "uPerson", "小明😀")
    assert identity.avatar_url == PROFILE["headimgurl"]
    assert "privilege" not in identity.profile


def test_nickname_is_utf8_whatever_the_headers_say() -> None:
    body = '{"openid":"oPerson","nickname":"张三\x14\x01"}'.encode()
    assert account().identity(TOKENS, api(body)).name == "张三"


def test_nickname_that_is_cut_mid_character_still_logs_in() -> None:
    body = b'{"openid":"oPerson","nickname":"' + "张".encode()[:2] + b'"}'
    assert account().identity(TOKENS, api(body)).subject == "oPerson"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", 5, ""])
def test_strange_picture_address_is_dropped(url: object) -> None:
    assert account().identity(TOKENS, api(PROFILE | {"headimgurl": url})).avatar_url is None


def test_profile_of_another_person_is_refused() -> None:
    with pytest.raises(LoginError):
        account().identity(TOKENS, api(PROFILE | {"openid": "oOther"}))


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_dead_access_token_is_told_apart(code: int) -> None:
    with pytest.raises(TokenRejected) as caught:
        account().identity(TOKENS, api({"errcode": code, "errmsg": "expired"}))
    assert caught.value.platform_code == str(code)


def test_refresh_sends_no_secret() -> None:
    http = api(GRANT)
    account().refresh(TOKENS, http)
    assert http.calls[0]["url"] == "https://api.weixin.qq.com/sns/oauth2/refresh_token"
    assert http.calls[0]["params"] == {
        "appid": APP_ID,
        "grant_type": "refresh_token",
        "refresh_token": "REFRESH",
    }


def test_refresh_keeps_what_is_not_repeated() -> None:
    before = TokenSet(
        "OLD", 1, "REFRESH", scope="snsapi_userinfo", extra={"openid": "oPerson", "unionid": "uPerson"}
    )
    after = account().refresh(before, api({"access_token": "NEW", "expires_in": 7200, "openid": "oPerson"}))
    assert (after.access_token, after.refresh_token, after.scope) == ("NEW", "REFRESH", "snsapi_userinfo")
    assert after.extra == {"openid": "oPerson", "unionid": "uPerson"}
    assert after.refresh_expires_in is None


@pytest.mark.parametrize("code", [42002, 40030, 42007])
def test_dead_refresh_token_needs_a_person(code: int) -> None:
    with pytest.raises(GrantRejected):
        account().refresh(TOKENS, api({"errcode": code, "errmsg": "no"}))


def test_busy_refresh_may_be_repeated() -> None:
    with pytest.raises(UpstreamUnavailable):
        account().refresh(TOKENS, api({"errcode": -1, "errmsg": "system error"}))


def test_without_refresh_token_nothing_is_asked() -> None:
    http = api()
    with pytest.raises(GrantRejected):
        account().refresh(TokenSet("ACCESS"), http)
    assert http.calls == []


def test_refresh_for_another_person_is_refused() -> None:
    with pytest.raises(GrantRejected):
        account().refresh(TOKENS, api(GRANT | {"openid": "oOther"}))
