"""Checks 74-79: how a session begins, is carried, and ends."""

from __future__ import annotations

import pytest

from tests.builders import exchange
from tests.login.browser import SESSION_COOKIE, cookies_set
from tests.login.simulated import SimulatedGateway, VisitingBrowser

ON_SQLITE = pytest.mark.backends("sqlite")
PROTECTED = ("/api/v1/me", "/api/user/info", "/auth/verify", "/api/v1/me?fresh=1")


def bearer(gateway: SimulatedGateway, token: str, path: str = "/api/v1/me") -> int:
    answer = gateway.browser().get(path, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


@ON_SQLITE
@pytest.mark.parametrize("planted", ["x", "", "a.b.c", "' OR 1=1", "0" * 64])
def test_check_74a_a_planted_session_cookie_is_replaced_by_the_login(browser: VisitingBrowser, planted: str):
    browser.set_cookie(SESSION_COOKIE, planted)
    answer = browser.log_in()
    value, _ = cookies_set(answer)[SESSION_COOKIE]
    assert value == browser.session() != planted
    assert browser.is_signed_in()


@ON_SQLITE
def test_check_74b_an_attackers_planted_session_dies_with_the_victims_login(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    attacker = gateway.browser()
    attacker.log_in(person="maya")
    planted = attacker.session()
    browser.set_cookie(SESSION_COOKIE, planted)
    browser.log_in(person="linxiao")
    assert browser.session() != planted
    assert browser.me()["identity"]["name"] == "linxiao"
    assert bearer(gateway, planted) == 401
    assert not attacker.is_signed_in()


@ON_SQLITE
def test_check_74c_logging_in_again_ends_the_session_before(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    first = browser.session()
    browser.log_in()
    assert bearer(gateway, first) == 401
    assert bearer(gateway, browser.session()) == 200


@ON_SQLITE
def test_check_75_the_session_cookie_is_host_only_secure_and_hidden(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    answers = [browser.log_in()]
    gateway.clock.advance(seconds=600)
    answers += [browser.get("/api/v1/me"), browser.post_proven("/api/v1/session/refresh"), browser.log_out()]
    for answer in answers:
        _, attributes = cookies_set(answer)[SESSION_COOKIE]
        assert {"secure", "httponly"} <= attributes.keys()
        assert attributes["samesite"] in ("Lax", "Strict")
        assert attributes["path"] == "/"
        assert "domain" not in attributes
    assert cookies_set(answers[-1])[SESSION_COOKIE][0] == ""


def test_check_76a_after_a_logout_the_session_is_dead_at_once_in_every_process(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    processes = [gateway, *(gateway.twin() for _ in range(3))]
    copies = [browser.copy(process) for process in processes]
    token = browser.session()
    assert all(copy.is_signed_in() for copy in copies)
    copies[1].log_out()
    for process, copy in zip(processes, copies, strict=True):
        copy.set_cookie(SESSION_COOKIE, token)
        for path in PROTECTED:
            assert copy.get(path).status_code == 401
            assert bearer(process, token, path) == 401
        assert copy.post("/api/v1/session/refresh").status_code == 401


@ON_SQLITE
def test_check_76b_renewed_tokens_of_a_session_die_with_it(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    tokens = [browser.session()]
    for _ in range(2):
        gateway.clock.advance(seconds=500)
        browser.me()
        tokens.append(browser.session())
    assert len(set(tokens)) == 3
    tokens.append(browser.post_proven("/api/v1/session/refresh").get_json()["token"])
    browser.log_out()
    assert {bearer(gateway, token) for token in tokens} == {401}


@ON_SQLITE
def test_check_76c_a_logout_with_a_bearer_token_counts_for_the_cookie_too(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    other = gateway.browser()
    answer = other.post("/oauth/logout", headers={"Authorization": f"Bearer {browser.session()}"})
    assert answer.status_code == 204
    assert not browser.is_signed_in()


@ON_SQLITE
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_check_77a_a_link_or_a_picture_logs_nobody_out(browser: VisitingBrowser, method: str):
    browser.log_in()
    answer = browser.open("/oauth/logout", method=method)
    assert answer.status_code in (405, 200)
    assert SESSION_COOKIE not in cookies_set(answer)
    assert browser.is_signed_in()


@ON_SQLITE
@pytest.mark.parametrize("form", [{"next": "/"}, None])
def test_check_77b_another_site_logs_nobody_out(browser: VisitingBrowser, form: dict[str, str] | None):
    browser.log_in()
    good = {"X-CSRF-Token": browser.me()["csrf_token"]}
    for headers in (
        {},
        {"X-CSRF-Token": "0" * 64},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
        good | {"Origin": "https://evil.example"},
        good | {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = browser.post("/oauth/logout", headers=headers, data=form)
        assert answer.status_code == 403, headers
        assert SESSION_COOKIE not in cookies_set(answer)
        assert browser.is_signed_in()


@ON_SQLITE
def test_check_77c_a_form_of_another_site_without_the_cookie_clears_nothing(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    answer = gateway.browser().post("/oauth/logout", data={"next": "/"})
    assert SESSION_COOKIE not in cookies_set(answer)
    assert browser.is_signed_in()


@ON_SQLITE
def test_check_78_a_logout_never_leads_elsewhere(browser: VisitingBrowser):
    for bad in (
        "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/%0d%0aX-Injected:1",
        "/\r\nX-Injected: 1", "https://app.example.evil/",
    ):  # fmt: skip
        browser.log_in()
        answer = browser.log_out(data={"next": bad})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        assert "X-Injected" not in answer.headers
    browser.log_in()
    by_query = browser.log_out(query_string={"next": "https://evil.example"})
    assert by_query.status_code == 204
    assert "Location" not in by_query.headers


@ON_SQLITE
def test_check_79a_an_idle_session_ends(gateway: SimulatedGateway, browser: VisitingBrowser):
    browser.log_in()
    gateway.clock.advance(seconds=901)
    assert not browser.is_signed_in()


@ON_SQLITE
def test_check_79b_a_session_in_use_ends_at_its_last_day(gateway: SimulatedGateway, browser: VisitingBrowser):
    settings = gateway.services.settings
    assert settings.session_max_age == 7 * 86_400
    exchange(gateway.services, settings=settings.model_copy(update={"session_max_age": 7200}))
    browser.log_in()
    for _ in range(9):
        gateway.clock.advance(seconds=720)
        assert browser.is_signed_in()
    gateway.clock.advance(seconds=720)
    assert not browser.is_signed_in()
