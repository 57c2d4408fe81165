"""The simulated WeCom's login pages, token and member calls, and a login of the gateway's own connector through them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from app.core.errors import LoginError
from app.core.ports import AuthorizeRequest
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.wecom import WecomConnector
from app.security.outbound import OutboundClient, configured_origins
from tests.platforms.wecom.application import application
from tests.platforms.wecom.simulator_client import app_token, by_qr, in_app, who
from tests.sandbox.clients import RETURN_ADDRESS, returned
from tests.sandbox.server import SandboxServer


def connector_of(sandbox: SandboxServer, **keys: Any) -> WecomConnector:
    own, base = sandbox.settings, f"{sandbox.url}/wecom"
    return application(
        corp_id=own["WECOM_CORP_ID"],
        agent_id=own["WECOM_AGENT_ID"],
        secret=own["WECOM_SECRET"],
        api_base=base,
        open_base=base,
        login_base=base,
        **keys,
    )


def logged_in(sandbox: SandboxServer, page: str, **keys: Any) -> Identity:
    connector = connector_of(sandbox, **keys)
    http = OutboundClient(configured_origins(connector.settings))
    url = connector.authorize_url(AuthorizeRequest(RETURN_ADDRESS, "State1", "", page=page))
    code = returned(requests.get(url.partition("#")[0], allow_redirects=False, timeout=5))["code"]
    app = connector.fetch_app_token(http, rejected=None).value
    tokens = connector.exchange(CodeGrant(code, RETURN_ADDRESS, "", page=page, app_token=app), http)
    return connector.identity(TokenSet(tokens.access_token, extra=tokens.extra, app_token=app), http)


@pytest.mark.parametrize("page", ["app", "qr"])
def test_a_member_logs_in_on_both_pages_as_the_same_person(sandbox: SandboxServer, page: str) -> None:
    sandbox.state.auto_person = "maya"
    identity = logged_in(sandbox, page)
    assert (identity.subject, identity.subject_kind) == ("maya", "user_id")
    assert identity.name


def test_private_information_brings_the_picture(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person = "maya"
    assert logged_in(sandbox, "app").avatar_url is None
    picture = logged_in(sandbox, "app", scope="snsapi_privateinfo").avatar_url
    assert picture is not None
    assert picture.endswith("/people/maya.svg")


def test_an_outsider_is_not_logged_in(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person = "maya"
    sandbox.state.switches["outsider"] = True
    with pytest.raises(LoginError):
        logged_in(sandbox, "app")


def test_a_refusal_comes_back_with_the_state_alone(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person, sandbox.state.auto_decision = "maya", "deny"
    assert returned(by_qr(sandbox)) == {"keep": "1", "state": "s1"}


def test_a_code_works_once(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person = "maya"
    code = returned(in_app(sandbox))["code"]
    assert who(sandbox, code)["userid"] == "maya"
    assert who(sandbox, code)["errcode"] == 40029


def test_a_refused_token_spends_no_code(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person = "maya"
    code = returned(in_app(sandbox))["code"]
    assert who(sandbox, code, token="stale")["errcode"] == 40014
    assert who(sandbox, code)["userid"] == "maya"


def test_the_same_token_is_handed_out_while_it_lives(sandbox: SandboxServer) -> None:
    first = app_token(sandbox)
    assert app_token(sandbox)["access_token"] == first["access_token"]
    sandbox.state.advance(7201)
    assert app_token(sandbox)["access_token"] != first["access_token"]
    sandbox.state.auto_person = "maya"
    assert who(sandbox, returned(in_app(sandbox))["code"], token=first["access_token"])["errcode"] == 42001


@pytest.mark.parametrize(
    ("changes", "errcode"), [({"corpid": "wwother"}, 40013), ({"corpsecret": "x"}, 40001)]
)
def test_wrong_credentials_have_their_numbers(
    sandbox: SandboxServer, changes: dict[str, str], errcode: int
) -> None:
    assert app_token(sandbox, **changes)["errcode"] == errcode


@pytest.mark.parametrize(
    "changes",
    [{"appid": "wwother"}, {"agentid": "7"}, {"redirect_uri": "x"}, {"state": "a-b"}, {"scope": "x"}],
)
def test_a_wrong_link_ends_on_the_platforms_own_page(sandbox: SandboxServer, changes: dict[str, str]) -> None:
    assert in_app(sandbox, **changes).status_code == 400
