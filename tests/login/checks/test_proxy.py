"""Checks 95-100: what can be reached through the gateway with stored tokens, and what comes back."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from app.storage.login.connections import connections
from app.storage.login.identities import identities
from tests.builders import exchange
from tests.login.browser import SESSION_COOKIE, cookies_set
from tests.login.simulated import GatedHttp, SimulatedGateway, VisitingBrowser

ON_SQLITE = pytest.mark.backends("sqlite")
ODD_LIFETIMES: list[Any] = [
    "7200", 0, -5, "-5", 1, 10**12, 10**30, 1.5, "soon", True, None, [], {"seconds": 7200}, "1e3", "",
]  # fmt: skip
PROXIED = {"oauth2.userinfo", "oauth2.topup", "oauth2.token", "oauth2.authorize"}


@pytest.fixture(autouse=True)
def _long_sessions(gateway: SimulatedGateway) -> None:
    """Let the hours that platforms count in pass without a click in between."""
    settings = gateway.services.settings
    exchange(gateway.services, settings=settings.model_copy(update={"session_ttl": 86_400}))


@pytest.fixture
def member(gateway: SimulatedGateway, browser: VisitingBrowser) -> VisitingBrowser:
    """Return a browser that has just logged in through `account`."""
    browser.log_in()
    return browser


@ON_SQLITE
def test_check_95_only_the_fixed_addresses_of_a_channel_can_be_reached(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    gateway.second.state.forget_calls()
    mine = member.me()["identity"]["id"]
    evil = gateway.second.url
    for path in (
        "//evil/", "/api/v1/me//evil/", "/api/v1/me/../admin", "/api/v1/me/%2e%2e/admin", f"/api/v1/me/{evil}",
        "/api/v1/me/@evil", "/api/v1/me/identities/..%2f..%2fadmin", "/api/v1/me/identities/%2fevil",
        f"/api/v1/me/identities/{evil}", f"/api/v1/me/identities/{mine}/../x", f"/api/v1/me/identities/{mine}%2ftopup",
        f"/api/v1/me/identities/{mine}@evil", "/api/v1/me/oauth2/userinfo", "/api/v1/me%00", "/api/v1/me/topup/../x",
        f"/{evil}/oauth2/api/oauth2/userinfo", "/oauth/account/userinfo", "/oauth/account/token",
    ):  # fmt: skip
        raw = {"PATH_INFO": unquote(path), "REQUEST_URI": path, "RAW_URI": path}
        answer = member.get("/", query_string="fresh=1", environ_overrides=raw)
        assert answer.status_code in (404, 405), path
        assert "Location" not in answer.headers, path
    for query in (
        f"fresh=1&url={evil}",
        f"fresh=1&path=//{evil}",
        "fresh=1&channel=second",
        f"fresh=1&next={evil}",
    ):
        assert member.get(f"/api/v1/me?{query}", headers={"X-Original-URL": evil}).status_code == 200
    assert {call.endpoint for call in gateway.sandbox.state.calls()} <= PROXIED
    assert {tuple(call.query) for call in gateway.calls("oauth2.userinfo")} == {()}
    assert gateway.second.state.calls() == []


@ON_SQLITE
def test_check_96_another_persons_identity_does_not_exist_for_me(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    other = gateway.browser()
    other.log_in(person="maya")
    theirs = other.me()["identity"]["id"]
    gateway.forget_calls()
    for wanted in (theirs, "0" * 32, theirs.upper(), theirs[:-1]):
        answers = [
            member.get(f"/api/v1/me/identities/{wanted}"),
            member.get(f"/api/v1/me/identities/{wanted}?fresh=1"),
            member.post_proven(f"/api/v1/me/identities/{wanted}/unlink"),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert {answer.get_json()["error"] for answer in answers} == {"unknown_identity"}
    assert gateway.calls() == []
    assert other.fresh().status_code == 200


@ON_SQLITE
def test_check_97a_headers_of_the_platform_never_reach_the_browser(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    headers = {
        "Set-Cookie": f"{SESSION_COOKIE}=evil; Path=/",
        "Content-Security-Policy": "default-src *",
        "Location": "https://evil.example/",
        "X-Injected": "1",
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "public, max-age=9999",
        "Refresh": "0; url=https://evil.example/",
    }
    for path, endpoint in (("/api/v1/me?fresh=1", "oauth2.userinfo"), ("/api/v1/me/topup", "oauth2.topup")):
        gateway.sandbox.state.faults.add(endpoint, "merge", 1, headers=headers)
        answer = member.post_proven(path) if path.endswith("topup") else member.get(path)
        assert answer.status_code == 200
        assert SESSION_COOKIE not in cookies_set(answer)
        assert "evil" not in str(answer.headers)
        assert not {"X-Injected", "Location", "Refresh", "Access-Control-Allow-Origin"} & set(
            answer.headers.keys()
        )
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "no-store" in answer.headers["Cache-Control"]


@ON_SQLITE
def test_check_97b_only_an_agreed_part_of_a_profile_is_shown(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    gateway.sandbox.state.faults.add(
        "oauth2.userinfo",
        "merge",
        1,
        replace={
            "access_token": "at-kwyjibo", "password": "pw-kwyjibo", "api_key": "ak-kwyjibo", "client_secret": "cs-kwyjibo",
            "nested": {"deep": "nested-kwyjibo"}, "list": ["list-kwyjibo"], "long": "long-kwyjibo" * 100,
            "avatar_url": "javascript:alert(kwyjibo)", "username": "new name",
        },
    )  # fmt: skip
    answer = member.fresh()
    assert answer.status_code == 200
    assert "kwyjibo" not in json.dumps({**answer.get_json()["identity"], "profile": {
        name: value for name, value in answer.get_json()["identity"]["profile"].items() if name != "avatar_url"
    }})  # fmt: skip
    assert answer.get_json()["identity"]["avatar_url"] is None
    assert answer.get_json()["identity"]["name"] == "new name"


@ON_SQLITE
@pytest.mark.parametrize(("kind", "size"), [("big", 5_000_000), ("gzip_bomb", 50_000_000)])
@pytest.mark.parametrize("path", ["/api/v1/me?fresh=1", "/api/v1/me/topup"])
def test_check_97c_a_huge_answer_is_cut_off(
    gateway: SimulatedGateway, member: VisitingBrowser, path: str, kind: str, size: int
):
    gateway.sandbox.state.faults.add("oauth2.userinfo", kind, bytes=size)
    gateway.sandbox.state.faults.add("oauth2.topup", kind, bytes=size)
    answer = member.post_proven(path) if path.endswith("topup") else member.get(path)
    assert answer.status_code == 502
    assert len(answer.get_data()) < 1000
    assert member.is_signed_in()


@ON_SQLITE
@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "//evil.example", "/topup", "", None, 7, "data:x", "https://a b/"]
)
def test_check_97d_a_page_to_add_money_is_a_web_address_or_nothing(
    gateway: SimulatedGateway, member: VisitingBrowser, address: Any
):
    gateway.sandbox.state.faults.add("oauth2.topup", "merge", 1, replace={"topup_url": address})
    answer = member.post_proven("/api/v1/me/topup")
    assert (answer.status_code, answer.get_json()["error"]) == (502, "upstream_bad_answer")


@ON_SQLITE
def test_check_98_refreshing_one_account_leaves_the_others_of_its_platform_alone(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    gateway.advance(3600)
    assert member.link("account", "maya").status_code == 303
    first, second = (each["id"] for each in member.me()["identities"])
    token_of_second = list(gateway.sandbox.state.access_tokens)[-1]
    gateway.advance(3301)
    gateway.forget_calls()
    profiles = {
        each: member.me(f"/api/v1/me/identities/{each}?fresh=1")["subject"] for each in (first, second)
    }
    assert profiles == {first: "10001", second: "10004"}
    assert len(gateway.refreshes()) == 1
    shown = [call.headers["Authorization"] for call in gateway.calls("oauth2.userinfo")]
    assert shown[1] == f"Bearer {token_of_second}" != shown[0]
    for issued in gateway.sandbox.state.refresh_tokens.values():
        issued.revoked = issued.revoked or issued.grant.person.key == "linxiao"
    gateway.advance(6901)
    assert member.get(f"/api/v1/me/identities/{first}?fresh=1").status_code == 401
    assert member.get(f"/api/v1/me/identities/{second}?fresh=1").status_code == 200


@pytest.mark.parametrize("ending", ["logout", "unlink"])
def test_check_99_a_refresh_under_way_does_not_bring_tokens_back(
    gateway: SimulatedGateway, member: VisitingBrowser, ending: str
):
    member.link("feishu", "linxiao")
    mine = next(each["id"] for each in member.me()["identities"] if each["channel"] == "account")
    gateway.advance(6901)
    slow = gateway.twin()
    gate = GatedHttp(slow.channel("account").http, after_the_answer=True)
    slow.use_http("account", gate)
    copy, late = member.copy(slow), []
    path = f"/api/v1/me/identities/{mine}?fresh=1"
    thread = threading.Thread(target=lambda: late.append(copy.get(path)))
    thread.start()
    assert gate.reached.wait(10)
    if ending == "logout":
        assert member.log_out().status_code == 204
    else:
        assert member.post_proven(f"/api/v1/me/identities/{mine}/unlink").status_code == 204
    gate.go_on.set()
    thread.join(10)
    assert late[0].status_code == 401
    with gateway.services.database.read() as tx:
        assert tx.execute(select(connections).where(connections.c.identity_id == mine)).all() == []
        left = tx.execute(select(identities).where(identities.c.id == mine)).all()
    assert len(left) == (1 if ending == "logout" else 0)
    newest = list(gateway.sandbox.state.refresh_tokens.values())[-1]
    assert newest.revoked, "what came too late is handed back to the platform"


@ON_SQLITE
@pytest.mark.parametrize("channel", ["feishu", "wechat", "account"])
def test_check_100a_no_lifetime_leads_to_endless_refreshing(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    endpoints = {
        "feishu": ["feishu.token"],
        "wechat": ["wechat.token", "wechat.refresh"],
        "account": ["oauth2.token"],
    }
    for lifetime in ODD_LIFETIMES:
        gateway.sandbox.state.faults.clear()
        for endpoint in endpoints[channel]:
            gateway.sandbox.state.faults.add(endpoint, "merge", replace={"expires_in": lifetime})
        gateway.forget_calls()
        answer = browser.callback(browser.approve(browser.start(channel)))
        assert answer.status_code == 303, lifetime
        answers = [browser.fresh().status_code for _ in range(4)]
        assert answers == [200] * 4, lifetime
        assert len(gateway.refreshes()) <= 1, lifetime


@ON_SQLITE
@pytest.mark.parametrize("off", [-86_400, 86_400 * 400])
def test_check_100b_a_platform_whose_clock_is_off_changes_nothing(
    gateway: SimulatedGateway, browser: VisitingBrowser, off: int
):
    gateway.sandbox.state.advance(off)
    browser.log_in()
    for _ in range(3):
        assert browser.fresh().status_code == 200
    assert gateway.refreshes() == []


@ON_SQLITE
@pytest.mark.parametrize("lifetime", [10**12, 10**30, "9" * 40])
def test_check_100c_no_token_is_trusted_for_longer_than_years(
    gateway: SimulatedGateway, browser: VisitingBrowser, lifetime: Any
):
    gateway.sandbox.state.faults.add("oauth2.token", "merge", 1, replace={"expires_in": lifetime})
    browser.log_in()
    with gateway.services.database.read() as tx:
        end = tx.execute(select(connections.c.expires_at)).scalar_one()
    assert end is not None
    assert (end - gateway.clock.now()).days <= 3660
