"""The relay in front of simulated platforms: tokens in each platform's own form, calls passed on, stale tokens replaced."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from app.storage.audit import list_audit
from sandbox.platforms.feishu.messages import CHAT_ID
from tests.builders import FrozenClock
from tests.relay.gateway import OTHER, READER, SHOP, WEB, Sibling, bearer
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
PAGE = "http://mp.weixin.qq.com?params=value"
FOLLOWER = "/relay/wechat/cgi-bin/user/info?openid=nobody"


def content(answer: Any) -> dict[str, Any]:
    """Return the JSON of an answer."""
    found: dict[str, Any] = answer.json
    return found


def test_an_sdk_gets_a_relay_token_in_each_platforms_own_form(
    sibling: Sibling, sandbox: SandboxServer
) -> None:
    for channel in ("wechat", "wecom", "feishu", "dingtalk"):
        assert sibling.relay_token(channel).startswith("cgr_")
    stable = sibling.ask("POST", "/relay/wechat/cgi-bin/stable_token", json={"appid": "x", "secret": SHOP})
    assert 7000 < content(stable)["expires_in"] <= 7200
    shown = content(sibling.ask("GET", f"/relay/wecom/cgi-bin/gettoken?corpid=x&corpsecret={SHOP}"))
    assert (shown["errcode"], shown["errmsg"]) == (0, "ok")
    slash = "/relay/feishu/open-apis/auth/v3/tenant_access_token/internal/"
    assert content(sibling.ask("POST", slash, json={"app_id": "x", "app_secret": SHOP}))["code"] == 0
    assert len(sandbox.state.calls("wechat.stable_token")) == 1


def test_calls_carry_the_real_token_where_each_platform_has_it(sibling: Sibling) -> None:
    token = sibling.relay_token("wechat")
    answer = sibling.ask("GET", f"/relay/wechat/cgi-bin/user/info?access_token={token}&openid=nobody")
    assert content(answer)["errcode"] == 40003
    path = f"/relay/wecom/cgi-bin/user/get?userid=nobody&access_token={sibling.relay_token('wecom')}"
    assert content(sibling.ask("GET", path))["errcode"] == 60111
    sent = sibling.ask(
        "POST",
        "/relay/feishu/open-apis/im/v1/messages?receive_id_type=chat_id",
        headers=bearer(sibling.relay_token("feishu")),
        json={"receive_id": CHAT_ID, "msg_type": "text", "content": '{"text":"hi"}'},
    )
    assert content(sent)["code"] == 0
    header = {"x-acs-dingtalk-access-token": sibling.relay_token("dingtalk")}
    ticket = sibling.ask("POST", "/relay/dingtalk/v1.0/oauth2/jsapiTickets", headers=header, json={})
    assert "jsapiTicket" in content(ticket)
    old = f"/relay/dingtalk/topapi/user/getbyunionid?access_token={header['x-acs-dingtalk-access-token']}"
    assert content(sibling.ask("POST", old, json={"unionid": "x"}))["errcode"] == 60121


def test_a_stale_token_is_replaced_once_and_the_call_repeated(
    sibling: Sibling, sandbox: SandboxServer
) -> None:
    relay_token = sibling.relay_token()
    for token in sandbox.state.app_tokens["wechat.stable"]:
        token.revoked = True
    answer = sibling.ask("GET", f"{FOLLOWER}&access_token={relay_token}")
    assert content(answer)["errcode"] == 40003, "the relay token outlives the real one"
    assert len(sandbox.state.calls("wechat.user_info")) == 2
    assert len(sandbox.state.calls("wechat.stable_token")) == 2
    for channel, path in (
        ("feishu", "/open-apis/jssdk/ticket/get"),
        ("dingtalk", "/v1.0/oauth2/jsapiTickets"),
        ("wecom", "/cgi-bin/get_jsapi_ticket"),
    ):
        sibling.relay_token(channel)
        for kept in sandbox.state.app_tokens[channel]:
            kept.expires_at = 0
        method = "GET" if channel == "wecom" else "POST"
        found = sibling.ask(method, f"/relay/{channel}{path}", SHOP, json=None if method == "GET" else {})
        assert b"icket" in found.data, (channel, found.data)


def test_a_refusal_that_lasts_goes_back_as_the_platform_worded_it(
    sibling: Sibling, sandbox: SandboxServer
) -> None:
    sandbox.state.faults.add("wechat.user_info", "expire_token", times=5)
    answer = sibling.ask("GET", FOLLOWER, SHOP)
    assert (answer.status_code, content(answer)["errcode"]) == (200, 42001)
    assert content(answer)["errmsg"].startswith("access_token expired")
    assert len(sandbox.state.calls("wechat.user_info")) == 2


def test_a_relay_token_whose_time_is_over_is_told_in_the_platforms_words(
    sibling: Sibling, sandbox: SandboxServer, clock: FrozenClock
) -> None:
    told = {}
    for channel, path, place in (
        ("wechat", "/cgi-bin/user/info", "access_token"),
        ("feishu", "/open-apis/im/v1/messages", "Authorization"),
        ("dingtalk", "/v1.0/x", "x-acs-dingtalk-access-token"),
        ("dingtalk", "/topapi/x", "access_token"),
    ):
        token = sibling.relay_token(channel)
        clock.advance(hours=3)
        headers = {place: f"Bearer {token}" if place == "Authorization" else token}
        query = f"?access_token={token}" if place == "access_token" else ""
        answer = sibling.ask("GET", f"/relay/{channel}{path}{query}", headers=headers if not query else {})
        told[channel, path] = (
            answer.status_code,
            content(answer).get("errcode") or content(answer).get("code"),
        )
    assert list(told.values()) == [
        (200, 42001),
        (400, 99991663),
        (400, "InvalidAuthentication"),
        (200, 40014),
    ]


def test_the_shared_token_goes_to_those_who_may_have_it(sibling: Sibling, sandbox: SandboxServer) -> None:
    answer = sibling.ask("GET", "/api/v1/tokens/wechat", WEB)
    assert content(answer)["access_token"] == sandbox.state.app_tokens["wechat.stable"][-1].value
    assert content(answer)["expires_in"] == 7200
    assert content(answer)["fetched_at"] == "2026-11-20T12:00:00.000Z"
    assert answer.headers["Cache-Control"] == "no-store"
    assert sibling.ask("GET", "/api/v1/tokens/wechat", SHOP).status_code == 403
    assert sibling.ask("GET", "/api/v1/tokens/plain", WEB).status_code == 404
    assert sibling.ask("POST", "/api/v1/tokens/wechat/refresh", WEB).status_code == 403


def test_pages_are_signed_with_tickets_that_are_fetched_once(
    sibling: Sibling, sandbox: SandboxServer
) -> None:
    def signed(channel: str) -> dict[str, Any]:
        answer = sibling.ask("POST", f"/api/v1/js-signature/{channel}", WEB, json={"url": f"{PAGE}#top"})
        assert answer.status_code == 200, answer.text
        return content(answer)

    def expected(shelf: str, part: dict[str, Any]) -> str:
        ticket = sandbox.state.app_tokens[shelf][-1].value
        time = part.get("timestamp", part.get("timeStamp"))
        text = f"jsapi_ticket={ticket}&noncestr={part['nonceStr']}&timestamp={time}&url={PAGE}"
        return hashlib.sha1(text.encode()).hexdigest()

    for channel, part, shelf in (
        ("wechat", "config", "wechat.jsapi"),
        ("wecom", "config", "wecom.jsapi"),
        ("wecom", "agent_config", "wecom.agent_config"),
        ("feishu", "config", "feishu.jsapi"),
        ("dingtalk", "config", "dingtalk.jsapi"),
    ):
        found = signed(channel)[part]
        assert found["signature"] == expected(shelf, found), channel
    assert signed("dingtalk")["config"]["corpId"] == "dingsandboxcorp01"
    assert len(sandbox.state.calls("wecom.js_ticket")) == 1
    assert len(sandbox.state.calls("wechat.js_ticket")) == 1
    for url in (None, "", "javascript:alert(1)", "https://", "https://a b", "https://a/" + "x" * 2000, 5):
        refused = sibling.ask("POST", "/api/v1/js-signature/wechat", WEB, json={"url": url})
        assert (refused.status_code, content(refused)["error"]) == (400, "bad_url"), url


def test_a_call_is_audited_without_its_query(sibling: Sibling) -> None:
    sibling.ask("GET", FOLLOWER, SHOP)
    with sibling.services.database.read() as tx:
        entry = list_audit(tx, before=None, limit=1)[0]
    assert (entry.actor, entry.action, entry.outcome) == ("shop", "relay", "200")
    assert entry.target == "wechat GET /cgi-bin/user/info"


def test_each_token_may_do_what_it_was_given_and_nothing_else(sibling: Sibling) -> None:
    cases = (
        (READER, "GET", FOLLOWER, 403, "missing_scope"),
        (OTHER, "GET", FOLLOWER, 403, "other_channel"),
        (OTHER, "POST", "/relay/wecom/cgi-bin/user/get", 403, "path_not_allowed"),
        (OTHER, "GET", "/relay/wecom/cgi-bin/user/list", 403, "path_not_allowed"),
        (SHOP, "GET", "/relay/wechat/wxa/getuserriskrank", 403, "path_not_allowed"),
        (SHOP, "GET", "/relay/wechat/sns/userinfo?openid=x", 400, "identity_needed"),
        (SHOP, "GET", "/relay/plain/cgi-bin/user/get", 404, "unknown_channel"),
        ("nonsense", "GET", FOLLOWER, 401, "unauthorized"),
        (None, "GET", FOLLOWER, 401, "unauthorized"),
        ("ops-token-4d1f8a2b", "GET", FOLLOWER, 403, "missing_scope"),
    )
    for token, method, path, status, word in cases:
        answer = sibling.ask(method, path, token)
        assert (answer.status_code, content(answer)["error"]) == (status, word), (token, path)
    refused = sibling.ask("GET", "/relay/wechat/cgi-bin/token?secret=nonsense")
    assert refused.status_code == 401
    assert sibling.ask("GET", f"/relay/wecom/cgi-bin/gettoken?corpsecret={READER}").status_code == 403
