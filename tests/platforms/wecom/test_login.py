"""Login with WeCom: which page, the exchange with the app token, who it is, and what every refusal asks for."""

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
from tests.platforms.wecom.application import AGENT_ID, CORP_ID, LOGINS, application

MEMBER = {"errcode": 0, "errmsg": "ok", "userid": "zhangsan"}
PROFILE = {
    **MEMBER,
    "name": "张三",
    "department": [1],
    "position": "工程师",
    "mobile": "13800000000",
    "email": "z@example.com",
}
TOKENS = TokenSet("none", extra={"userid": "zhangsan"}, app_token="APP")
GRANT = CodeGrant("CODE", "https://cb.example/x", "verifier", app_token="APP")


def error_of(answer: Any) -> CallgateError:
    with pytest.raises(CallgateError) as caught:
        application().exchange(GRANT, api(answer))
    return caught.value


@pytest.mark.parametrize(
    ("agent", "page"),
    [
        ("Mozilla/5.0 (iPhone) wxwork/4.1.0 MicroMessenger/7.0.1", "app"),
        ("Mozilla/5.0 (Windows NT 10.0) WXWork/4.1.0", "app"),
        ("Mozilla/5.0 (Linux; Android) MicroMessenger/8.0", "app"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/120", "qr"),
        ("", "qr"),
    ],
)
def test_the_page_is_chosen_by_where_the_browser_is(agent: str, page: str) -> None:
    assert application().page_for(agent) == page


def test_the_page_inside_the_app_has_the_order_of_the_platform() -> None:
    url = application().authorize_url(
        AuthorizeRequest("https://cb.example/a?b=中", "State1", "ch", page="app")
    )
    assert url == (
        f"https://open.weixin.qq.com/connect/oauth2/authorize?appid={CORP_ID}"
        "&redirect_uri=https%3A%2F%2Fcb.example%2Fa%3Fb%3D%E4%B8%AD&response_type=code&scope=snsapi_base"
        f"&state=State1&agentid={AGENT_ID}#wechat_redirect"
    )


def test_the_page_with_the_qr_code_names_company_and_application() -> None:
    url = application().authorize_url(AuthorizeRequest("https://cb.example/a", "State1", "ch", page="qr"))
    assert url == (
        f"https://login.work.weixin.qq.com/wwlogin/sso/login?login_type=CorpApp&appid={CORP_ID}"
        f"&agentid={AGENT_ID}&redirect_uri=https%3A%2F%2Fcb.example%2Fa&state=State1"
    )


def test_the_scope_of_the_channel_and_of_the_flow_are_used() -> None:
    private = application(scope="snsapi_privateinfo")
    assert "scope=snsapi_privateinfo&" in private.authorize_url(
        AuthorizeRequest("https://cb", "s", "c", page="app")
    )
    silent = AuthorizeRequest("https://cb", "s", "c", scope="snsapi_base", page="app")
    assert "scope=snsapi_base&" in private.authorize_url(silent)


def test_a_code_is_redeemed_with_the_application_token() -> None:
    http = api(MEMBER)
    tokens = application().exchange(GRANT, http)
    assert http.calls == [
        {
            "method": "GET",
            "url": "https://qyapi.weixin.qq.com/cgi-bin/auth/getuserinfo",
            "params": {"access_token": "APP", "code": "CODE"},
            "json": None,
        }
    ]
    assert tokens.extra == {"userid": "zhangsan"}


def test_no_token_of_the_application_becomes_one_of_a_person() -> None:
    tokens = application().exchange(
        GRANT, api({**MEMBER, "user_ticket": "TICKET"}, {**MEMBER, "avatar": "https://p/1"})
    )
    kept = f"{tokens.access_token} {tokens.refresh_token} {tokens.extra}"
    assert "APP" not in kept
    assert "TICKET" not in kept


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 0, "openid": "oOUTSIDER", "external_userid": "wmX"},
        {"errcode": 0, "openid": "oOUTSIDER"},
        {"errcode": 0},
        {"errcode": 0, "userid": ""},
        {"errcode": 0, "userid": 5},
        {"errcode": 0, "UserId": "zhangsan"},
    ],
)
def test_an_answer_without_a_userid_is_no_login(answer: dict[str, Any]) -> None:
    error = error_of(answer)
    assert isinstance(error, LoginError)
    assert error.code == "not_a_member"


def test_the_picture_comes_with_the_ticket_that_somebody_allowed() -> None:
    http = api({**MEMBER, "user_ticket": "TICKET"}, {**MEMBER, "avatar": "https://p.example/1"})
    tokens = application().exchange(GRANT, http)
    assert http.calls[1]["json"] == {"user_ticket": "TICKET"}
    assert tokens.extra["avatar_url"] == "https://p.example/1"


@pytest.mark.parametrize(
    "answer", [{"errcode": 42001}, {"errcode": 60011}, b"oops", {**MEMBER, "avatar": "javascript:x"}]
)
def test_a_refused_picture_costs_only_the_picture(answer: Any) -> None:
    """A refused token must not make the pipeline redeem the spent code once more."""
    tokens = application().exchange(GRANT, api({**MEMBER, "user_ticket": "TICKET"}, answer))
    assert tokens.extra == {"userid": "zhangsan"}


def test_a_member_is_known_by_company_and_userid() -> None:
    http = api(PROFILE)
    identity = application().identity(TOKENS, http)
    assert (identity.issuer, identity.subject_kind, identity.subject) == (
        f"wecom:{CORP_ID}",
        "user_id",
        "zhangsan",
    )
    assert (identity.name, identity.union_id) == ("张三", None)
    assert http.calls[0]["params"] == {"access_token": "APP", "userid": "zhangsan"}


def test_phone_and_mail_are_not_shown() -> None:
    identity = application().identity(TOKENS, api(PROFILE))
    assert set(identity.profile) == {"name", "department", "position"}


def test_a_member_of_a_linked_company_is_known_by_the_id_alone() -> None:
    http = api()
    tokens = TokenSet("none", extra={"userid": "wwother/lisi"}, app_token="APP")
    assert application().identity(tokens, http).subject == "wwother/lisi"
    assert http.calls == []


def test_another_member_than_the_one_who_logged_in_is_refused() -> None:
    with pytest.raises(LoginError):
        application().identity(TOKENS, api({**PROFILE, "userid": "lisi"}))


def test_capitals_of_an_id_do_not_matter() -> None:
    assert application().identity(TOKENS, api({**PROFILE, "userid": "ZhangSan"})).subject == "zhangsan"


@pytest.mark.parametrize("code", [40014, 42001, 40001])
def test_a_stale_application_token_is_told_apart(code: int) -> None:
    assert isinstance(error_of({"errcode": code, "errmsg": "x"}), TokenRejected)


@pytest.mark.parametrize(
    ("code", "page"),
    [
        (50001, "可信域名"),
        (60011, "可见范围"),
        (301002, "可见范围"),
        (48002, "permissions"),
        (60020, "企业可信IP"),
    ],
)
def test_what_only_the_console_mends_names_its_page(code: int, page: str) -> None:
    error = error_of({"errcode": code, "errmsg": "no, from ip: 203.0.113.7"})
    assert error.code == "platform_configuration"
    assert page in error.message


def test_the_address_that_wecom_saw_is_named() -> None:
    error = error_of({"errcode": 60020, "errmsg": "not allow to access from your ip, from ip: 203.0.113.7"})
    assert "203.0.113.7" in error.message


@pytest.mark.parametrize("code", [-1, 45009, 45033])
def test_a_busy_platform_may_be_asked_again(code: int) -> None:
    error = error_of({"errcode": code})
    assert isinstance(error, UpstreamUnavailable)
    assert error.retry_after


def test_a_failing_server_is_unavailable() -> None:
    assert isinstance(error_of(http_answer(b"x", 502)), UpstreamUnavailable)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"null"])
def test_an_answer_that_is_no_object_names_wecom(body: bytes) -> None:
    assert "WeCom" in error_of(body).message


def test_there_is_nothing_to_refresh() -> None:
    with pytest.raises(GrantRejected):
        application().refresh(TOKENS, api())


def test_the_application_token_is_fetched_with_company_and_secret() -> None:
    http = api({"errcode": 0, "errmsg": "ok", "access_token": "CORPAT", "expires_in": 7200})
    token = application().fetch_app_token(http, rejected=None)
    assert (token.value, token.expires_in) == ("CORPAT", 7200)
    assert http.calls[0]["params"] == {"corpid": CORP_ID, "corpsecret": "s3cret"}


@pytest.mark.parametrize(
    ("code", "setting"),
    [
        (40001, "secret"),
        (40013, "corp_id"),
        (40056, "agent_id"),
        (40091, "another company"),
        (60020, "企业可信IP"),
    ],
)
def test_a_refused_secret_says_what_to_compare(code: int, setting: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        application().fetch_app_token(api({"errcode": code, "errmsg": "x"}), rejected=None)
    assert caught.value.code == "platform_configuration"
    assert setting in caught.value.message


CLASSES = {
    "grant_rejected": GrantRejected,
    "token_rejected": TokenRejected,
    "unavailable": UpstreamUnavailable,
}


def played(case: Any) -> Any:
    """Return what came of a recorded login: app token, code, person."""
    own = LOGINS["settings"]
    connector = application(corp_id=own["client_id"], secret=own["client_secret"], agent_id=own["agent_id"])
    answers = [
        http_answer(each["answer"]["body"].encode(), each["answer"]["status"], each["answer"]["headers"])
        for each in case["exchanges"]
    ]
    http = api(*answers)
    try:
        app = connector.fetch_app_token(http, rejected=None).value
        grant = CodeGrant(case["callback"]["params"]["code"], own["redirect_uri"], "", app_token=app)
        tokens = connector.exchange(grant, http)
        lent = TokenSet(tokens.access_token, extra=tokens.extra, app_token=app)
        return connector.identity(lent, http)
    except CallgateError as error:
        return error
    finally:
        for call, each in zip(http.calls, case["exchanges"], strict=True):
            assert (call["method"], call["url"]) == (each["request"]["method"], each["request"]["url"])
            assert call["params"] == each["request"]["query"]


@pytest.mark.parametrize(
    "case", [case for case in LOGINS["cases"] if case["flow"] == "login"], ids=lambda case: case["name"]
)
def test_a_recorded_login_ends_as_it_should(case: Any) -> None:
    result = played(case)
    if "expect" in case:
        expected = case["expect"]
        assert (result.subject, result.name, result.avatar_url, result.union_id) == (
            expected["subject"],
            expected["name"],
            expected["avatar"],
            expected["union_id"],
        )
        return
    expected = case["expect_error"]
    if expected["class"] == "config":
        assert result.code in ("platform_configuration", expected["hint"])
    else:
        assert isinstance(result, CLASSES[expected["class"]])
    assert getattr(result, "platform_code", None) == expected["code"]
