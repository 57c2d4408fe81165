"""Logging in members of one company: which page a browser gets, what a code and a person become, what each refusal means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.code_pages import ScriptedLogin
from app.core.errors import GrantRejected, LoginError, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AppTokenLogin, AppTokenSource, AuthorizeRequest, HttpAnswer, LoginPages
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.dingtalk import PLATFORM, DingtalkCompanyConnector
from app.security.outbound import OutboundClient
from sandbox.people import PEOPLE
from sandbox.platforms.dingtalk import people
from sandbox.platforms.dingtalk.api import CORP_ID
from sandbox.platforms.dingtalk.in_app import in_app_code
from tests.platforms.answering import answer
from tests.platforms.dingtalk.channel import APP_KEY, APP_SECRET
from tests.sandbox.server import SandboxServer

COMPANY = {"app_key": APP_KEY, "app_secret": APP_SECRET, "corp_id": "dingcorp", "in_app_login": True}
IN_APP = CodeGrant("CODE-1", "https://gate.example/cb", "v", page="app", app_token="app-token")
ON_PAGE = CodeGrant("CODE-1", "https://gate.example/cb", "v", page="page", app_token="app-token")
MEMBER = {"userid": "manager1", "unionid": "u-1", "name": "李雷", "sys": False}
PHONE = "Mozilla/5.0 (iPhone) AppleWebKit AliApp(DingTalk/7.6.0) com.laiwang.DingTalk/7.6"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"


@dataclass
class Dingtalk:
    """Answers by path, and remembers what it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def request(self, method: str, url: str, **options: Any) -> HttpAnswer:
        self.calls.append({"method": method, "url": url, **options})
        usual: dict[str, Any] = {
            "getuserinfo": {"errcode": 0, "result": MEMBER},
            "getbyunionid": {"errcode": 0, "result": {"contact_type": 0, "userid": "manager1"}},
            "userAccessToken": {
                "accessToken": "at",
                "refreshToken": "rt",
                "expireIn": 7200,
                "corpId": "dingcorp",
            },
            "me": {"nick": "李雷", "openId": "o-1", "unionId": "u-1"},
        }
        name = url.rpartition("/")[2]
        said = self.answers.get(name, usual[name])
        return said if isinstance(said, HttpAnswer) else answer(said)


def opened(**keys: Any) -> DingtalkCompanyConnector:
    connector = PLATFORM.open("dt", PLATFORM.settings.model_validate(COMPANY | keys))
    assert isinstance(connector, DingtalkCompanyConnector)
    return connector


def logged_in(http: Any, grant: CodeGrant) -> Identity:
    connector = opened()
    tokens = connector.exchange(grant, http)
    held = TokenSet(tokens.access_token, extra=tokens.extra, app_token="app-token")
    return connector.identity(held, http)


def numbered(number: int, **more: Any) -> dict[str, Any]:
    return {"errcode": number, "errmsg": "x", **more}


def test_only_a_channel_that_says_so_asks_the_apps_script() -> None:
    connector = opened()
    for port in (ScriptedLogin, LoginPages, AppTokenLogin, AppTokenSource):
        assert isinstance(connector, port)
        usual = PLATFORM.open("dt", PLATFORM.settings.model_validate(COMPANY | {"in_app_login": False}))
        assert isinstance(usual, AppTokenSource) or not isinstance(usual, port)


def test_without_a_company_there_are_no_members() -> None:
    with pytest.raises(ValidationError, match="needs corp_id"):
        opened(corp_id="")


@pytest.mark.parametrize(
    ("browser", "page"), [(PHONE, "app"), (PHONE.upper(), "app"), (DESKTOP, "page"), ("", "page")]
)
def test_the_apps_own_browser_gets_the_script_and_every_other_one_the_page(browser: str, page: str) -> None:
    connector = opened()
    assert connector.page_for(browser) == page
    assert (connector.code_script(page) is not None) is (page == "app")


def test_the_script_is_asked_for_a_code_of_this_company() -> None:
    script = opened().code_script("app")
    assert script is not None
    assert script.address == "https://g.alicdn.com/dingding/dingtalk-jsapi/3.0.25/dingtalk.open.js"
    assert (script.ready, script.ask) == ("dd.ready", "dd.runtime.permission.requestAuthCode")
    assert dict(script.parameters) == {"corpId": "dingcorp"}


def test_the_login_page_is_the_usual_one() -> None:
    request = AuthorizeRequest("https://gate.example/cb", "s", "c", page="page")
    assert opened().authorize_url(request).startswith("https://login.dingtalk.com/oauth2/auth?")


def test_a_code_of_the_app_names_the_member_in_one_call() -> None:
    http = Dingtalk()
    found = logged_in(http, IN_APP)
    (call,) = http.calls
    assert (call["method"], call["url"]) == ("POST", "https://oapi.dingtalk.com/topapi/v2/user/getuserinfo")
    assert (call["params"], call["json"]) == ({"access_token": "app-token"}, {"code": "CODE-1"})
    assert (found.issuer, found.subject_kind, found.subject) == ("dingtalk:dingcorp", "user_id", "manager1")
    assert (found.name, found.union_id) == ("李雷", "u-1")


def test_a_member_is_the_same_person_inside_the_app_and_on_the_page() -> None:
    http = Dingtalk()
    inside, outside = logged_in(Dingtalk(), IN_APP), logged_in(http, ON_PAGE)
    key = ("issuer", "subject_kind", "subject", "union_id")
    assert [getattr(inside, name) for name in key] == [getattr(outside, name) for name in key]
    asked = http.calls[-1]
    assert (asked["url"], asked["json"]) == (
        "https://oapi.dingtalk.com/topapi/user/getbyunionid",
        {"unionid": "u-1"},
    )


def test_nobody_inside_the_app_has_a_token_to_refresh() -> None:
    connector = opened()
    with pytest.raises(GrantRejected):
        connector.refresh(connector.exchange(IN_APP, Dingtalk()), Dingtalk())


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        (numbered(40078), GrantRejected, "40078"),
        (numbered(40014), TokenRejected, "40014"),
        (numbered(88, sub_code="40014"), TokenRejected, "40014"),
        (numbered(60020), UpstreamError, "60020"),
        (numbered(60011), UpstreamError, "60011"),
        (numbered(12345), UpstreamError, "12345"),
        (numbered(-1), UpstreamUnavailable, "-1"),
    ],
    ids=str,
)
def test_each_number_is_of_its_kind_although_the_status_is_200(
    said: Mapping[str, Any], kind: type[UpstreamError], code: str
) -> None:
    with pytest.raises(UpstreamError) as caught:
        opened().exchange(IN_APP, Dingtalk({"getuserinfo": said}))
    assert (type(caught.value), caught.value.platform_code) == (kind, code)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"errcode": 0},
        {"errcode": 0, "result": []},
        {"errcode": 0, "result": {}},
        {"errcode": 0, "result": {"userid": ""}},
        {"errcode": 0, "result": {"userid": 5}},
        {"errcode": None, "result": MEMBER},
        {"errcode": [], "result": MEMBER},
        answer(b"<html>"),
        answer({"errcode": 0, "result": MEMBER}, 404),
    ],
    ids=lambda said: json.dumps(said) if isinstance(said, dict) else f"raw {said.status}",
)
def test_an_answer_that_names_no_member_is_no_login(said: Any) -> None:
    with pytest.raises(UpstreamError):
        logged_in(Dingtalk({"getuserinfo": said}), IN_APP)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_platform_may_be_asked_again(status: int) -> None:
    with pytest.raises(UpstreamUnavailable):
        opened().exchange(IN_APP, Dingtalk({"getuserinfo": answer({}, status)}))


@pytest.mark.parametrize(
    "said",
    [
        numbered(60121),
        {"errcode": 0, "result": {"contact_type": 1, "userid": "external1"}},
        {"errcode": 0, "result": {"contact_type": 0}},
    ],
    ids=str,
)
def test_a_person_of_the_page_who_is_no_member_is_told_so(said: Any) -> None:
    with pytest.raises(LoginError) as caught:
        logged_in(Dingtalk({"getbyunionid": said}), ON_PAGE)
    assert caught.value.code == "not_a_member"


def test_a_person_without_a_union_id_is_no_member() -> None:
    with pytest.raises(UpstreamError):
        logged_in(Dingtalk({"me": {"nick": "x", "openId": "o-1"}}), ON_PAGE)


def test_without_the_applications_token_nobody_is_asked() -> None:
    http = Dingtalk()
    with pytest.raises(UpstreamError, match="app_secret"):
        opened().exchange(CodeGrant("c", "https://g/cb", "v", page="app"), http)
    assert http.calls == []


def simulated(sandbox: SandboxServer) -> tuple[DingtalkCompanyConnector, OutboundClient, str]:
    own, base = sandbox.settings, f"{sandbox.url}/dingtalk"
    keys = {"app_key": own["DINGTALK_APP_KEY"], "app_secret": own["DINGTALK_APP_SECRET"], "corp_id": CORP_ID}
    connector, http = (
        opened(**keys, api_base=base, login_base=base, oapi_base=base),
        OutboundClient([sandbox.url]),
    )
    return connector, http, connector.fetch_app_token(http, rejected=None).value


def test_a_code_of_the_simulated_app_works_once_and_at_one_address(sandbox: SandboxServer) -> None:
    connector, http, app_token = simulated(sandbox)
    code = in_app_code(sandbox.state, PEOPLE[0])
    with pytest.raises(GrantRejected):
        connector.exchange(CodeGrant(code, "", "", page="page", app_token=app_token), http)
    grant = CodeGrant(code, "", "", page="app", app_token=app_token)
    assert connector.identity(connector.exchange(grant, http), http).subject == people.user_id(PEOPLE[0])
    with pytest.raises(GrantRejected):
        connector.exchange(grant, http)


def test_the_simulator_refuses_another_app_token(sandbox: SandboxServer) -> None:
    connector, http, _ = simulated(sandbox)
    grant = CodeGrant(in_app_code(sandbox.state, PEOPLE[0]), "", "", page="app", app_token="stale")
    with pytest.raises(TokenRejected):
        connector.exchange(grant, http)
