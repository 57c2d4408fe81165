"""Several logins under way in one browser, and the same return more than once: the same result, for nobody else."""

from __future__ import annotations

import threading

import pytest

from app.core.errors import UpstreamError
from app.pipeline.login import repeats
from app.storage.login.sessions import sessions
from tests.login.browser import LOGIN_COOKIE, SESSION_COOKIE, cookies_set
from tests.login.in_memory import CodeBrowser, InMemoryGateway


def names_set(answer) -> set[str]:
    return {line.partition("=")[0] for line in answer.headers.getlist("Set-Cookie")}


def test_two_first_starts_at_once_leave_both_logins_under_way(gateway: InMemoryGateway):
    one, other = gateway.browser(), gateway.browser()
    first, second = one.start(query="next=/one"), other.start(query="next=/two")
    # Both starts left the browser before either answer came: it keeps the cookies of both.
    assert not names_set(first.answer) & names_set(second.answer)
    both = gateway.browser()
    for started in (first, second):
        for line in started.answer.headers.getlist("Set-Cookie"):
            name, _, rest = line.partition("=")
            both.set_cookie(name, rest.partition(";")[0])
    assert both.finish(second, "c2").headers["Location"] == "/two"
    assert both.finish(first, "c1").headers["Location"] == "/one"
    assert both.is_signed_in()


def test_a_later_start_of_the_same_browser_keeps_its_cookie(gateway: InMemoryGateway):
    browser = gateway.browser()
    assert names_set(browser.start().answer) == names_set(browser.start().answer)


def test_a_repeat_after_a_lost_answer_gets_the_same_session(gateway: InMemoryGateway):
    browser = gateway.browser()
    started = browser.start()
    lost = browser.copy()
    lost.finish(started)
    assert not browser.is_signed_in()
    again = browser.finish(started)
    assert (again.status_code, again.headers["Location"]) == (303, "/welcome")
    assert browser.is_signed_in()
    assert browser.me()["session"] == lost.me()["session"]
    assert gateway.count(sessions) == 1
    assert len(gateway.fake.exchanged) == 1


def test_a_repeat_of_a_return_that_replaced_a_session_gets_the_new_one(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in("c1")
    started = browser.start()
    twin = browser.copy()
    browser.finish(started, "c2")
    assert twin.finish(started, "c2").status_code == 303
    assert twin.is_signed_in()


def test_a_repeat_while_the_first_return_is_under_way_waits_for_its_result(gateway: InMemoryGateway):
    browser = gateway.browser()
    started = browser.start()
    twin = browser.copy()
    entered, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        assert go_on.wait(10)

    gateway.fake.on_exchange = hold
    answers = []
    threads = [
        threading.Thread(target=lambda each=each: answers.append(each.finish(started)))
        for each in (browser, twin)
    ]
    threads[0].start()
    assert entered.wait(10)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(gateway.fake.exchanged) == 1
    assert twin.is_signed_in()


def test_a_first_return_that_takes_too_long_is_told_to_the_repeat(
    gateway: InMemoryGateway, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(repeats, "PATIENCE_SECONDS", 0.0)
    browser = gateway.browser()
    started = browser.start()
    twin, answers = browser.copy(), []
    gateway.fake.on_exchange = lambda: answers.append(twin.finish(started))
    assert browser.finish(started).status_code == 303
    assert (answers[0].status_code, answers[0].get_json()["error"]) == (503, "login_under_way")
    assert SESSION_COOKIE not in cookies_set(answers[0])


def test_a_repeat_of_a_failed_return_fails_the_same_way(gateway: InMemoryGateway):
    def fail() -> None:
        raise UpstreamError("upstream_refused", "The login server refused with 'x'.", platform_code="x")

    gateway.fake.on_exchange = fail
    browser = gateway.browser()
    started = browser.start()
    answers = [browser.finish(started) for _ in range(2)]
    assert [(each.status_code, each.get_json()["error"]) for each in answers] == [
        (502, "upstream_refused")
    ] * 2
    assert answers[0].get_json()["message"] == answers[1].get_json()["message"]
    assert len(gateway.fake.exchanged) == 1


def test_a_repeat_is_worth_nothing_to_anybody_else(gateway: InMemoryGateway):
    browser = gateway.browser()
    started = browser.start()
    browser.finish(started)
    stranger, busy = gateway.browser(), gateway.browser()
    busy.log_in("c2")
    for other in (stranger, busy):
        answer = other.finish(started)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_state")
        assert SESSION_COOKIE not in cookies_set(answer)


@pytest.mark.parametrize("change", ["another code", "an error", "too late", "logged out"])
def test_what_is_no_repeat_gets_no_session(gateway: InMemoryGateway, change: str):
    browser = gateway.browser()
    started = browser.start()
    lost = browser.copy()
    lost.finish(started)
    answer = _later(gateway, browser, lost, started, change)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_state")
    assert not browser.is_signed_in()
    assert len(gateway.fake.exchanged) == 1


def _later(gateway: InMemoryGateway, browser: CodeBrowser, lost: CodeBrowser, started, change: str):
    if change == "another code":
        return browser.finish(started, "c2")
    if change == "an error":
        return browser.get(f"/oauth/fake/callback?state={started.state}&error=access_denied")
    if change == "too late":
        gateway.clock.advance(seconds=600)
    else:
        lost.log_out()
    return browser.finish(started)


def test_a_repeated_link_gives_nobody_a_session(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    started = browser.start_link()
    browser.finish(started, "c2", "other")
    assert browser.finish(started, "c2", "other").status_code == 303
    browser.set_cookie(SESSION_COOKIE, None)
    assert browser.cookie(LOGIN_COOKIE)
    answer = browser.finish(started, "c2", "other")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_state")
    assert not browser.is_signed_in()
