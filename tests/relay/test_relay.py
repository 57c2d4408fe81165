"""The relay in front of simulated platforms: tokens in each platform's own form, calls passed on, stale tokens replaced."""

from __future__ import annotations

import pytest

from tests.relay.gateway import OTHER, READER, SHOP, Sibling, bearer
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")


def test_an_sdk_gets_a_relay_token_in_each_platforms_own_form(sibling: Sibling, sandbox: SandboxServer) -> None:
    for channel in ("wechat", "wecom", "feishu", "dingtalk"):
        assert sibling.relay_token(channel).startswith("cgr_")
    stable = sibling.ask("POST", "/relay/wechat/cgi-bin/stable_token", json={"appid": "x", "secret": SHOP})
    assert stable.json is not None
    assert 7000 < stable.json["expires_in"] <= 7200
    shown = sibling.ask("GET", f"/relay/wecom/cgi-bin/gettoken?corpid=x&corpsecret={SHOP}").json
    assert shown is not None
    assert (shown["errcode"], shown["errmsg"]) == (0, "ok")
    assert len(sandbox.state.calls("wechat.stable_token")) == 1


def test_calls_carry_the_real_token_where_each_platform_has_it(sibling: Sibling, sandbox: SandboxServer) -> None:
    token = sibling.relay_token("wechat")
    answer = sibling.ask("GET", f"/relay/wechat/cgi-bin/user/info?access_token={token}&openid=nobody")
    assert answer.json is not None
    assert answer.json["errcode"] == 40003
    member = sibling.ask("GET", f"/relay/wecom/cgi-bin/user/get?userid=nobody&access_token={sibling.relay_token('wecom')}")
    assert (member.json or {})["errcode"] == 60111
    sent = sibling.ask(
        "POST",
        "/relay/feishu/open-apis/im/v1/messages?receive_id_type=chat_id",
        headers=bearer(sibling.relay_token("feishu")),
        json={"receive_id": "oc_1", "msg_type": "text", "content": '{"text":"hi"}'},
    )
    assert (sent.json or {})["code"] == 0
    header = {"x-acs-dingtalk-access-token": sibling.relay_token("dingtalk")}
    ticket = sibling.ask("POST", "/relay/dingtalk/v1.0/oauth2/jsapiTickets", headers=header, json={})
    assert "jsapiTicket" in (ticket.json or {})
    old = f"/relay/dingtalk/topapi/user/getbyunionid?access_token={header['x-acs-dingtalk-access-token']}"
    assert (sibling.ask("POST", old, json={"unionid": "x"}).json or {})["errcode"] == 60121


def test_an_api_token_alone_is_enough(sibling: Sibling) -> None:
    answer = sibling.ask("GET", "/relay/wechat/cgi-bin/user/info?openid=nobody", SHOP)
    assert (answer.json or {})["errcode"] == 40003
