"""Checks 86-94: tokens that can be used now, refreshed once, whatever happens meanwhile."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.storage.login.connections import connections
from tests.builders import exchange
from tests.login.simulated import GatedHttp, KilledHttp, SimulatedGateway, VisitingBrowser, WorkerKilled

ON_SQLITE = pytest.mark.backends("sqlite")
TWO_HOURS = 7200
DUE = TWO_HOURS - 299
PERSON_OF = {"feishu": "feishu.user_info", "wechat": "wechat.userinfo", "account": "oauth2.userinfo"}
EXPIRED: dict[str, list[tuple[int, dict[str, Any]]]] = {
    "feishu": [
        (400, {"code": 99991677, "msg": "expired"}),
        (200, {"code": 99991677, "msg": "expired"}),
        (401, {}),
    ],
    "wechat": [(200, {"errcode": 42001, "errmsg": "x"}), (200, {"errcode": 40014, "errmsg": "x"})],
    "account": [(401, {"error": "invalid_token"}), (200, {"error": "invalid_token"}), (401, {})],
}


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


def bearers(gateway: SimulatedGateway, endpoint: str = "oauth2.userinfo") -> list[str]:
    """Return the access tokens the platform was shown, oldest first."""
    return [call.headers["Authorization"].removeprefix("Bearer ") for call in gateway.calls(endpoint)]


def answer_refresh(gateway: SimulatedGateway, times: int | None = 1, **fields: Any) -> None:
    """Let the token endpoint answer a refresh with exactly these fields."""
    body = {key: value for key, value in fields.items() if value is not None}
    gateway.sandbox.state.faults.add(
        "oauth2.token", "json", times, json=body, when={"grant_type": "refresh_token"}
    )


def in_thread(work: Any) -> tuple[threading.Thread, list[Any]]:
    """Run something beside the test; its result is in the list once it is there."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    return thread, results


@ON_SQLITE
@pytest.mark.parametrize(
    ("channel", "left", "refreshes"),
    [
        ("account", 301, 0),
        ("account", 300, 0),
        ("account", 299, 1),
        ("account", 0, 1),
        ("account", -100, 1),
        ("feishu", 301, 0),
        ("feishu", 299, 1),
        ("wechat", 301, 0),
        ("wechat", 299, 1),
    ],
)
def test_check_86_a_token_is_refreshed_when_less_than_five_minutes_are_left(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str, left: int, refreshes: int
):
    browser.log_in(channel)
    gateway.advance(TWO_HOURS - left)
    assert browser.fresh().status_code == 200
    assert len(gateway.refreshes()) == refreshes


def test_check_87a_fifty_calls_at_once_in_four_processes_refresh_once(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    gateway.advance(DUE)
    gateway.forget_calls()
    old = set(gateway.sandbox.state.access_tokens)
    processes = [gateway, *(gateway.twin() for _ in range(3))]
    copies = [member.copy(processes[number % 4]) for number in range(50)]
    gateway.sandbox.state.faults.add(
        "oauth2.token", "hang", 1, seconds=0.3, when={"grant_type": "refresh_token"}
    )
    barrier = threading.Barrier(50)

    def ask(copy: VisitingBrowser) -> TestResponse:
        barrier.wait(20)
        return copy.fresh()

    running = [in_thread(lambda copy=copy: ask(copy)) for copy in copies]
    for thread, _ in running:
        thread.join()
    assert [answer.status_code for _, (answer,) in running] == [200] * 50
    assert len(gateway.refreshes()) == 1
    assert len(bearers(gateway)) == 50
    assert not old & set(bearers(gateway))


def test_check_88a_another_process_takes_over_from_one_that_died_while_refreshing(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    gateway.advance(DUE)
    gateway.forget_calls()
    dying = gateway.twin()
    dying.use_http("account", KilledHttp())
    with pytest.raises(WorkerKilled):
        member.copy(dying).fresh()
    thread, results = in_thread(member.copy().fresh)
    thread.join(0.4)
    assert thread.is_alive(), "the lease of the dead process still counts"
    assert gateway.refreshes() == []
    gateway.clock.advance(seconds=31)
    thread.join(10)
    assert results[0].status_code == 200
    assert len(gateway.refreshes()) == 1


def test_check_88b_a_late_holder_of_the_lease_does_not_overwrite_newer_tokens(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    gateway.advance(DUE)
    gateway.forget_calls()
    slow = gateway.twin()
    gate = GatedHttp(slow.channel("account").http, after_the_answer=True)
    slow.use_http("account", gate)
    thread, late = in_thread(member.copy(slow).fresh)
    assert gate.reached.wait(10)
    gateway.clock.advance(seconds=31)
    grant = next(iter(gateway.sandbox.state.refresh_tokens.values())).grant
    newest = gateway.sandbox.state.issue_access_token(grant, "eyJnewest", grant.scope)
    answer_refresh(gateway, access_token=newest.value, expires_in=TWO_HOURS, refresh_token="refresh_newest")
    assert member.fresh().status_code == 200
    gate.go_on.set()
    thread.join(10)
    assert late[0].status_code == 200
    assert member.fresh().status_code == 200
    assert set(bearers(gateway)) == {"eyJnewest"}
    assert len(gateway.refreshes()) == 2


def test_check_88c_a_late_refusal_does_not_kill_newer_tokens(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    gateway.advance(DUE)
    slow = gateway.twin()
    gate = GatedHttp(slow.channel("account").http)
    slow.use_http("account", gate)
    thread, late = in_thread(member.copy(slow).fresh)
    assert gate.reached.wait(10)
    gateway.clock.advance(seconds=31)
    assert member.fresh().status_code == 200
    gate.go_on.set()
    thread.join(10)
    assert gateway.refreshes()[-1].status == 400, "the old refresh token had been used up"
    assert late[0].status_code == 200
    assert member.fresh().status_code == 200


@ON_SQLITE
def test_check_89a_the_new_pair_is_used_from_then_on(gateway: SimulatedGateway, member: VisitingBrowser):
    for number in (1, 2, 3):
        gateway.advance(DUE)
        assert member.fresh().status_code == 200
        assert len(gateway.refreshes()) == number
    shown = [call.form["refresh_token"] for call in gateway.refreshes()]
    assert len(set(shown)) == 3
    assert {call.status for call in gateway.refreshes()} == {200}


@ON_SQLITE
def test_check_89b_a_lost_answer_ends_in_a_new_login_not_in_a_loop(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    gateway.advance(DUE)
    gateway.sandbox.state.faults.add("oauth2.token", "lost_answer", 1)
    assert member.fresh().status_code == 200, "the old token still has five minutes"
    assert len(gateway.refreshes()) == 1
    gateway.advance(299)
    answers = [member.fresh() for _ in range(5)]
    assert {(answer.status_code, answer.get_json()["error"]) for answer in answers} == {
        (401, "login_required")
    }
    assert len(gateway.refreshes()) == 2
    member.log_in()
    assert member.fresh().status_code == 200


@ON_SQLITE
def test_check_90a_a_refresh_without_a_new_refresh_token_keeps_the_old_one(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    for _ in range(2):
        gateway.advance(DUE)
        answer_refresh(gateway, access_token=living_token(gateway), expires_in=TWO_HOURS)
        assert member.fresh().status_code == 200
    first, second = gateway.refreshes()
    assert first.form["refresh_token"] == second.form["refresh_token"]


@ON_SQLITE
def test_check_90b_a_new_refresh_token_replaces_the_old_one(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    for name in ("refresh_a", "refresh_b"):
        gateway.advance(DUE)
        answer_refresh(gateway, access_token=living_token(gateway), expires_in=TWO_HOURS, refresh_token=name)
        assert member.fresh().status_code == 200
    assert gateway.refreshes()[1].form["refresh_token"] == "refresh_a"


@ON_SQLITE
@pytest.mark.parametrize(("told", "stored"), [("profile", "profile"), (None, "profile balance")])
def test_check_90c_a_narrower_scope_is_stored_and_an_unnamed_one_stays(
    gateway: SimulatedGateway, member: VisitingBrowser, told: str | None, stored: str
):
    gateway.advance(DUE)
    answer_refresh(gateway, access_token=living_token(gateway), expires_in=TWO_HOURS, scope=told)
    assert member.fresh().status_code == 200
    with gateway.services.database.read() as tx:
        assert tx.execute(select(connections.c.scope)).scalar_one() == stored


@ON_SQLITE
def test_check_90d_without_a_lifetime_an_hour_is_taken(gateway: SimulatedGateway, member: VisitingBrowser):
    gateway.advance(DUE)
    answer_refresh(gateway, None, access_token=living_token(gateway))
    assert member.fresh().status_code == 200
    gateway.advance(3600 - 301)
    assert member.fresh().status_code == 200
    assert len(gateway.refreshes()) == 1
    gateway.advance(2)
    assert member.fresh().status_code == 200
    assert len(gateway.refreshes()) == 2


def living_token(gateway: SimulatedGateway) -> str:
    """Return an access token that the platform takes for a long time."""
    grant = next(iter(gateway.sandbox.state.refresh_tokens.values())).grant
    issued = gateway.sandbox.state.issue_access_token(grant, f"eyJ{len(gateway.calls())}", grant.scope)
    issued.expires_at += 100_000
    return issued.value


@ON_SQLITE
@pytest.mark.parametrize("channel", ["feishu", "wechat", "account"])
def test_check_91a_a_dead_grant_asks_for_a_new_login_and_is_not_asked_again(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    browser.log_in(channel)
    gateway.advance(DUE)
    for issued in gateway.sandbox.state.refresh_tokens.values():
        issued.revoked = True
    for _ in range(3):
        answer = browser.fresh()
        assert (answer.status_code, answer.get_json()["error"]) == (401, "login_required")
        assert "log in again" in answer.get_json()["message"]
    assert len(gateway.refreshes()) == 1
    assert browser.is_signed_in(), "the session itself goes on"
    browser.log_in(channel)
    assert browser.fresh().status_code == 200


@ON_SQLITE
@pytest.mark.parametrize("channel", ["feishu", "wechat", "account"])
@pytest.mark.parametrize(
    ("kind", "options"), [("status", {"status": 500}), ("reset", {}), ("status", {"status": 429})]
)
def test_check_91b_a_platform_in_trouble_keeps_the_old_token_and_is_asked_again_later(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str, kind: str, options: dict[str, Any]
):
    browser.log_in(channel)
    gateway.advance(DUE)
    endpoint = {"feishu": "feishu.token", "wechat": "wechat.refresh", "account": "oauth2.token"}[channel]
    gateway.sandbox.state.faults.add(endpoint, kind, **options)
    for _ in range(4):
        assert browser.fresh().status_code == 200
    assert len(gateway.refreshes()) == 1, "no second try within the back-off"
    gateway.sandbox.state.faults.clear()
    gateway.advance(60)
    assert browser.fresh().status_code == 200
    assert len(gateway.refreshes()) == 2
    assert gateway.refreshes()[-1].status == 200


@ON_SQLITE
def test_check_91c_without_a_usable_token_the_trouble_is_told_and_the_login_kept(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    gateway.advance(TWO_HOURS + 1)
    gateway.sandbox.state.faults.add("oauth2.token", "status", status=503)
    answers = [member.fresh() for _ in range(3)]
    assert {answer.status_code for answer in answers} == {502}
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert len(gateway.refreshes()) == 1
    gateway.sandbox.state.faults.clear()
    gateway.advance(60)
    assert member.fresh().status_code == 200


@ON_SQLITE
@pytest.mark.parametrize("channel", ["feishu", "wechat", "account"])
def test_check_92_one_refused_call_is_refreshed_and_repeated_once(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    browser.log_in(channel)
    for number, (status, body) in enumerate(EXPIRED[channel], start=1):
        gateway.sandbox.state.faults.add(PERSON_OF[channel], "status", 1, status=status, body=body)
        before = len(gateway.calls(PERSON_OF[channel]))
        assert browser.fresh().status_code == 200, (status, body)
        assert len(gateway.calls(PERSON_OF[channel])) == before + 2
        assert len(gateway.refreshes()) == number


@ON_SQLITE
@pytest.mark.parametrize("channel", ["feishu", "wechat", "account"])
def test_check_93a_a_call_that_is_always_refused_is_repeated_exactly_once(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    for status, body in EXPIRED[channel]:
        gateway.sandbox.state.faults.clear()
        browser.log_in(channel)
        gateway.forget_calls()
        gateway.sandbox.state.faults.add(PERSON_OF[channel], "status", status=status, body=body)
        answer = browser.fresh()
        assert (answer.status_code, answer.get_json()["error"]) == (401, "login_required")
        assert len(gateway.calls(PERSON_OF[channel])) == 2
        assert len(gateway.refreshes()) == 1
        # A refresh that did not help is not repeated for the next request.
        assert browser.fresh().get_json()["error"] == "login_required"
        assert len(gateway.calls(PERSON_OF[channel])) == 3
        assert len(gateway.refreshes()) == 1


@ON_SQLITE
@pytest.mark.parametrize(
    ("channel", "body"),
    [
        ("feishu", {"code": 99991679, "msg": "no permission"}),
        ("wechat", {"errcode": 48001}),
        ("account", {"error": "insufficient_scope"}),
    ],
)
def test_check_93b_a_forbidden_call_is_neither_refreshed_nor_repeated(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str, body: dict[str, Any]
):
    browser.log_in(channel)
    gateway.forget_calls()
    gateway.sandbox.state.faults.add(PERSON_OF[channel], "status", status=403, body=body)
    assert browser.fresh().status_code == 502
    assert len(gateway.calls(PERSON_OF[channel])) == 1
    assert gateway.refreshes() == []


@ON_SQLITE
def test_check_94a_a_refused_post_is_passed_on_at_most_twice_and_never_with_the_callers_body(
    gateway: SimulatedGateway, member: VisitingBrowser
):
    csrf = {"X-CSRF-Token": member.me()["csrf_token"]}
    body = {"amount": "100", "note": "body-of-the-caller"}
    gateway.sandbox.state.faults.add("oauth2.topup", "expire_token", 1)
    assert member.post("/api/v1/me/topup", headers=csrf, data=body).status_code == 200
    assert len(gateway.calls("oauth2.topup")) == 2
    gateway.forget_calls()
    gateway.sandbox.state.faults.add("oauth2.topup", "expire_token", 99)
    assert member.post("/api/v1/me/topup", headers=csrf, data=body).status_code == 401
    assert len(gateway.calls("oauth2.topup")) == 2
    assert not any("body-of-the-caller" in str(call.as_dict()) for call in gateway.calls())


@ON_SQLITE
@pytest.mark.parametrize(
    ("kind", "options"), [("reset", {}), ("lost_answer", {}), ("status", {"status": 500})]
)
def test_check_94b_a_post_whose_answer_is_lost_is_not_repeated(
    gateway: SimulatedGateway, member: VisitingBrowser, kind: str, options: dict[str, Any]
):
    gateway.sandbox.state.faults.add("oauth2.topup", kind, **options)
    assert member.post_proven("/api/v1/me/topup").status_code == 502
    assert len(gateway.calls("oauth2.topup")) == 1
