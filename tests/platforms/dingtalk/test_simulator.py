"""The simulated DingTalk over real HTTP: logins, how it misbehaves, and what it sends."""

from __future__ import annotations

import json

import pytest
from flask import Response

from app.core.errors import GrantRejected, TokenRejected, UpstreamError
from app.core.values import CodeGrant, Identity, Outcome, ParsedEvent, Situation, TokenSet
from app.platforms.dingtalk import DingtalkConnector
from app.platforms.dingtalk.settings import DingtalkSettings
from app.security.outbound import OutboundClient, configured_origins
from sandbox.people import PEOPLE
from sandbox.platforms.dingtalk import people
from tests.platforms.dingtalk.channel import NOW, delivery
from tests.platforms.dingtalk.simulator_client import dingtalk_authorize, dingtalk_code
from tests.sandbox.clients import RETURN_ADDRESS, fire, returned
from tests.sandbox.conftest import Received, StandIn
from tests.sandbox.server import SandboxServer

LIN = PEOPLE[0]


def channel_of(sandbox: SandboxServer) -> DingtalkConnector:
    own = sandbox.settings
    table = {
        "app_key": own["DINGTALK_APP_KEY"],
        "app_secret": own["DINGTALK_APP_SECRET"],
        "token": own["DINGTALK_TOKEN"],
        "aes_key": own["DINGTALK_AES_KEY"],
        "api_base": f"{sandbox.url}/dingtalk",
        "login_base": f"{sandbox.url}/dingtalk",
    }
    return DingtalkConnector(DingtalkSettings.model_validate(table))


def client(sandbox: SandboxServer) -> OutboundClient:
    return OutboundClient(configured_origins(channel_of(sandbox).settings))


def exchanged(sandbox: SandboxServer, code: str | None = None) -> TokenSet:
    grant = CodeGrant(code or dingtalk_code(sandbox), RETURN_ADDRESS, "v")
    return channel_of(sandbox).exchange(grant, client(sandbox))


def identified(sandbox: SandboxServer, tokens: TokenSet) -> Identity:
    return channel_of(sandbox).identity(tokens, client(sandbox))


def test_agreeing_sends_the_code_back_as_auth_code(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person = "linxiao"
    answer = returned(dingtalk_authorize(sandbox, state="a&b"))
    assert (answer["state"], len(answer["authCode"])) == ("a&b", 40)


@pytest.mark.parametrize(
    "changes", [{"client_id": "x"}, {"prompt": ""}, {"scope": "profile"}, {"redirect_uri": "/x"}]
)
def test_a_bad_authorize_request_stays_on_the_page(sandbox: SandboxServer, changes: dict[str, str]) -> None:
    assert dingtalk_authorize(sandbox, **changes).status_code == 400


def test_a_login_names_the_person(sandbox: SandboxServer) -> None:
    found = identified(sandbox, exchanged(sandbox))
    assert found.subject == people.open_id(LIN, sandbox.settings["DINGTALK_APP_KEY"])
    assert (found.union_id, found.name) == (people.union_id(LIN), LIN.name_zh)


def test_choosing_a_company_names_it(sandbox: SandboxServer) -> None:
    tokens = exchanged(sandbox, dingtalk_code(sandbox, scope="openid corpid"))
    assert tokens.extra == {"corp_id": "dingsandboxcorp01"}


def test_a_code_and_a_refresh_token_work_once(sandbox: SandboxServer) -> None:
    code = dingtalk_code(sandbox)
    first = exchanged(sandbox, code)
    with pytest.raises(GrantRejected):
        exchanged(sandbox, code)
    assert channel_of(sandbox).refresh(first, client(sandbox)).access_token != first.access_token
    with pytest.raises(GrantRejected):
        channel_of(sandbox).refresh(first, client(sandbox))


def test_an_expired_token_is_rejected(sandbox: SandboxServer) -> None:
    tokens = exchanged(sandbox)
    sandbox.state.advance(7201)
    with pytest.raises(TokenRejected):
        identified(sandbox, tokens)


@pytest.mark.parametrize(
    ("switch", "kind"), [("dingtalk_visitor", GrantRejected), ("dingtalk_no_permission", UpstreamError)]
)
def test_a_visitor_and_a_missing_permission_log_nobody_in(
    sandbox: SandboxServer, switch: str, kind: type[UpstreamError]
) -> None:
    tokens = exchanged(sandbox)
    sandbox.state.switches[switch] = True
    with pytest.raises(kind):
        identified(sandbox, tokens)


def test_the_app_token_stays_the_same_while_it_lives(sandbox: SandboxServer) -> None:
    source, http = channel_of(sandbox), client(sandbox)
    first = source.fetch_app_token(http, rejected=None).value
    assert source.fetch_app_token(http, rejected=first).value == first
    sandbox.state.advance(7201)
    assert source.fetch_app_token(http, rejected=None).value != first


# ---------------------------------------------------------------- events


def taken(server: SandboxServer, seen: Received) -> tuple[ParsedEvent | None, Response]:
    """Read a request as the gateway does, and answer it."""
    source = channel_of(server)
    named = {name: value for name, value in seen.headers.items() if name in ("timestamp", "sign")}
    request = delivery(seen.body, seen.query, **named)
    now = NOW if not named else NOW.fromtimestamp(int(named["timestamp"]) / 1000, NOW.tzinfo)
    verified = source.verify(request, now)
    reply, event = source.challenge(request, verified), None
    if reply is None:
        event = source.parse(request, verified)
        reply = source.acknowledge(request, verified, Outcome(Situation.ACCEPTED, "e", event))
    return event, Response(reply.body, reply.status)


@pytest.mark.parametrize("kind", ["user_add_org", "user_modify_org", "user_leave_org"])
def test_an_event_is_believed_and_its_answer_opened(
    firing: SandboxServer, gateway: StandIn, kind: str
) -> None:
    gateway.answer = lambda seen: taken(firing, seen)[1]
    (result,) = fire(firing, channel="ding", platform="dingtalk", type=kind)
    event, _ = taken(firing, gateway.received[0])
    assert event is not None
    assert (event.type, event.subject, result["answer_plain"]) == (kind, "manager10001", "success")


def test_the_check_of_an_address_is_answered(firing: SandboxServer, gateway: StandIn) -> None:
    gateway.answer = lambda seen: taken(firing, seen)[1]
    (result,) = fire(firing, channel="ding", platform="dingtalk", type="check_url")
    assert result["answer_plain"] == "success"


def test_a_robots_message_is_believed(firing: SandboxServer, gateway: StandIn) -> None:
    gateway.answer = lambda seen: taken(firing, seen)[1]
    fire(firing, channel="ding", platform="dingtalk", type="text")
    event, answer = taken(firing, gateway.received[0])
    assert event is not None
    assert (event.type, event.data["text"]["content"], answer.data) == ("text", " 你好", b"{}")
    assert json.loads(gateway.received[0].body)["msgId"] == event.key
