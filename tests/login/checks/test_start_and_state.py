"""Checks 1-15: starting a login, and what its state proves."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from app.storage.login.flows import flows
from app.storage.login.sessions import sessions
from tests.login.browser import LOGIN_COOKIE, SESSION_COOKIE, cookies_set
from tests.login.simulated import SimulatedGateway, VisitingBrowser

ON_SQLITE = pytest.mark.backends("sqlite")
CHANNELS = ("feishu", "wechat", "account")


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Collect the SQL that runs meanwhile."""
    seen: list[str] = []

    def note(_connection, _cursor, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@ON_SQLITE
@pytest.mark.parametrize("channel", CHANNELS)
def test_check_01_two_starts_have_two_unreadable_states_of_at_least_128_bits(
    browser: VisitingBrowser, channel: str
):
    browser.log_in()
    me = browser.me()
    states = [browser.start(channel).state for _ in range(2)]
    assert states[0] != states[1]
    for state in states:
        assert re.fullmatch(r"[0-9a-f]{32,}", state)
        assert me["user_id"] not in state
        assert str(browser.cookie(LOGIN_COOKIE)) not in state


@ON_SQLITE
def test_check_02_the_binding_cookie_is_host_only_hidden_and_short_lived(browser: VisitingBrowser):
    value, attributes = cookies_set(browser.start().answer)[LOGIN_COOKIE]
    assert len(value) * 4 >= 128
    assert {"secure", "httponly"} <= attributes.keys()
    assert (attributes["samesite"], attributes["path"]) == ("Lax", "/")
    assert "domain" not in attributes
    assert 0 < int(attributes["max-age"]) <= 600


@ON_SQLITE
def test_check_03a_a_callback_without_a_state_is_rejected(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start())
    gateway.assert_rejected(browser.callback(f"{returned.address}?code={returned.code}"), "invalid_state")


@ON_SQLITE
def test_check_03b_without_its_binding_cookie_a_callback_is_rejected(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start())
    browser.set_cookie(LOGIN_COOKIE, None)
    gateway.assert_rejected(browser.callback(returned), "invalid_state")


@ON_SQLITE
def test_check_04a_a_made_up_state_gets_the_answer_and_the_work_of_a_missing_one(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.start()
    engine, seen = gateway.services.database.engine, []
    for query in ("code=x", "code=x&state=" + "0" * 48, "code=x&state=feishu:tenant_access_token"):
        with statements(engine) as sql:
            answer = browser.callback(f"/oauth/account/callback?{query}")
        gateway.assert_rejected(answer, "invalid_state")
        headers = {name: value for name, value in answer.headers if name != "Content-Length"}
        seen.append((answer.get_json() | {"trace_id": ""}, headers, sql))
    assert seen[0] == seen[1] == seen[2]


@ON_SQLITE
def test_check_05a_a_callback_address_is_worth_nothing_in_another_browser(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start())
    bare, busy = gateway.browser(), gateway.browser()
    busy.start()
    for other in (bare, busy):
        gateway.assert_rejected(other.callback(returned), "invalid_state")
        assert not other.is_signed_in()


@ON_SQLITE
def test_check_05b_a_leaked_callback_address_does_not_stop_its_owner(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start())
    for _ in range(3):
        gateway.browser().callback(returned)
    assert browser.callback(returned).status_code == 303
    assert browser.is_signed_in()


@ON_SQLITE
def test_check_06a_a_repeated_callback_makes_no_second_token_request(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start())
    browser.callback(returned)
    session = browser.session()
    again = browser.callback(returned)
    assert (again.status_code, again.headers["Location"]) == (303, "/welcome")
    assert SESSION_COOKIE not in cookies_set(again)
    assert len(gateway.token_calls()) == 1
    assert browser.session() == session
    assert browser.is_signed_in()
    assert gateway.count(sessions) == 1


@ON_SQLITE
def test_check_06b_a_finished_callback_address_is_rejected_in_any_other_browser(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start())
    browser.callback(returned)
    someone_else = gateway.browser()
    someone_else.log_in(person="maya")
    for other in (gateway.browser(), someone_else):
        gateway.assert_rejected(other.callback(returned), "invalid_state", asked=2)
    assert browser.is_signed_in()


@ON_SQLITE
def test_check_06c_a_callback_address_logs_nobody_in_again_after_logging_out(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start())
    browser.callback(returned)
    browser.log_out()
    gateway.assert_rejected(browser.callback(returned), "invalid_state", asked=1)
    assert not browser.is_signed_in()


def test_check_07a_twenty_equal_callbacks_at_once_make_one_token_request_and_one_session(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start())
    processes = [gateway.twin() for _ in range(4)]
    copies = [browser.copy(processes[number % 4]) for number in range(20)]
    barrier, answers = threading.Barrier(20), []

    def call(copy: VisitingBrowser) -> None:
        barrier.wait(10)
        answers.append(copy.callback(returned).status_code)

    threads = [threading.Thread(target=call, args=(copy,)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * 20
    assert len(gateway.token_calls()) == 1
    assert gateway.count(sessions) == 1
    assert all(copy.is_signed_in() for copy in copies), "the same browser gets the same session"


@ON_SQLITE
def test_check_08_a_restored_cookie_jar_does_not_revive_a_spent_state(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    started = browser.start()
    returned = browser.approve(started)
    old_jar = browser.jar()
    browser.callback(returned)
    fresh_code = browser.approve(started)
    assert fresh_code.code != returned.code
    browser.restore(old_jar)
    gateway.assert_rejected(browser.callback(fresh_code), "invalid_state", asked=1)


@ON_SQLITE
@pytest.mark.parametrize("wrong", ["account", "wechat"])
def test_check_09_a_state_is_worth_nothing_on_another_channel(
    gateway: SimulatedGateway, browser: VisitingBrowser, wrong: str
):
    returned = browser.approve(browser.start("feishu"))
    elsewhere = returned.path.replace("/feishu/", f"/{wrong}/")
    gateway.assert_rejected(browser.callback(elsewhere), "invalid_state")
    assert browser.callback(returned).status_code == 303


@ON_SQLITE
def test_check_10a_a_login_never_links_although_somebody_is_signed_in(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in(person="linxiao")
    mine = browser.me()
    browser.log_in("feishu", person="maya")
    assert browser.me()["user_id"] != mine["user_id"]
    assert len(browser.me()["identities"]) == 1
    again = gateway.browser()
    again.log_in(person="linxiao")
    assert [each["id"] for each in again.me()["identities"]] == [mine["identity"]["id"]]


@ON_SQLITE
def test_check_10b_a_link_never_logs_anybody_in(gateway: SimulatedGateway, browser: VisitingBrowser):
    browser.log_in()
    returned = browser.approve(browser.start_link("feishu"), "maya")
    browser.set_cookie(SESSION_COOKIE, None)
    gateway.assert_rejected(browser.callback(returned), "session_changed", asked=1)
    assert not browser.is_signed_in()
    assert gateway.stored_people() == (1, 1, 1, 1)


@ON_SQLITE
def test_check_10c_a_login_state_posted_to_the_link_route_links_nothing(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    returned = browser.approve(browser.start("feishu"), "maya")
    query = returned.path.partition("?")[2]
    answer = browser.post_proven(f"/oauth/feishu/link?{query}", data=returned.query)
    assert returned.state not in answer.headers["Location"], "a link of its own was started instead"
    assert len(gateway.token_calls()) == 1
    assert len(browser.me()["identities"]) == 1


@ON_SQLITE
def test_check_11_a_state_is_worth_nothing_at_another_application_of_the_platform(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start("account"))
    elsewhere = returned.path.replace("/account/", "/second/")
    gateway.assert_rejected(browser.callback(elsewhere), "invalid_state")
    assert browser.callback(returned).status_code == 303


@ON_SQLITE
def test_check_12_a_late_callback_is_rejected_with_a_way_to_start_again(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    in_time, late = browser.start(), browser.start()
    in_time_back, late_back = browser.approve(in_time), browser.approve(late)
    gateway.clock.advance(seconds=599)
    assert browser.callback(in_time_back).status_code == 303
    gateway.clock.advance(seconds=1)
    gateway.assert_rejected(browser.callback(late_back), "login_expired", asked=1)
    page = browser.callback(late_back, headers={"Accept": "text/html"})
    assert page.status_code == 400
    assert "login_expired" in page.text
    assert 'href="/oauth/account/start?next=/welcome"' in page.text


@ON_SQLITE
def test_check_13_three_tabs_started_together_finish_in_any_order(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    tabs = [browser.start(channel, f"next=/{channel}") for channel in CHANNELS]
    for started in reversed(tabs):
        answer = browser.callback(browser.approve(started))
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/{started.channel}")
    assert len(gateway.token_calls()) == 3


@ON_SQLITE
def test_check_14_a_flood_of_starts_is_stopped_and_leaves_little_behind(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    forwarded = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(200)]
    answers = [browser.get("/oauth/account/start", headers=headers) for headers in forwarded]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert len(limited) >= 80, "the limit is 60 a minute, and a minute may end in between"
    assert int(limited[0].headers["Retry-After"]) > 0
    assert limited[0].get_json()["error"] == "rate_limited"
    assert gateway.count(flows) == 200 - len(limited)
    gateway.advance(1201)
    elsewhere = {"REMOTE_ADDR": "198.51.100.9"}
    started = browser.start(environ_overrides=elsewhere)
    assert gateway.count(flows) == 1
    assert browser.callback(browser.approve(started), environ_overrides=elsewhere).status_code == 303


@ON_SQLITE
def test_check_15_unknown_and_disabled_channels_look_the_same(browser: VisitingBrowser):
    answers = [
        browser.get(f"/oauth/{name}/{step}")
        for name in ("nobody", "resting")
        for step in ("start", "callback?code=a&state=b")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert not any("Location" in answer.headers or "Set-Cookie" in answer.headers for answer in answers)
    bodies = [answer.get_json() | {"trace_id": ""} for answer in answers]
    assert all(body == bodies[0] for body in bodies)
