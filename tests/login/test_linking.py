"""Linking and unlinking: only from inside a session, only what nobody else has, never the last one."""

from __future__ import annotations

import pytest

from app.core.values import Identity
from tests.login.in_memory import InMemoryGateway

pytestmark = pytest.mark.backends("sqlite")


def test_a_second_account_joins_the_same_user(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    user = browser.me()["user_id"]
    assert browser.finish(browser.start_link(), channel="other").status_code == 303
    assert [each["channel"] for each in browser.me()["identities"]] == ["fake", "other"]
    elsewhere = gateway.browser()
    elsewhere.log_in("c9", "other")
    assert elsewhere.me()["user_id"] == user


def test_an_account_of_somebody_else_is_not_moved(gateway: InMemoryGateway):
    owner, browser = gateway.browser(), gateway.browser()
    owner.log_in("c1", "other")
    browser.log_in()
    answer = browser.finish(browser.start_link(), channel="other")
    assert (answer.status_code, answer.get_json()["error"]) == (409, "identity_taken")
    assert len(browser.me()["identities"]) == 1
    assert len(owner.me()["identities"]) == 1


def test_a_link_does_not_survive_a_change_of_session(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    state = browser.start_link().state
    gateway.fake.person = Identity("fake:1", "user_id", "somebody else")
    browser.log_in("c2")
    answer = browser.finish(state, channel="other")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "session_changed")
    assert not gateway.other.exchanged


def test_a_link_never_logs_anybody_in(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    state = browser.start_link().state
    browser.post_proven("/oauth/logout")
    assert browser.finish(state, channel="other").status_code == 400
    assert browser.get("/api/v1/me").status_code == 401


def test_equal_mail_and_union_ids_link_nobody(gateway: InMemoryGateway):
    first, second = gateway.browser(), gateway.browser()
    profile = {"email": "ada@example.com"}
    gateway.fake.person = Identity("fake:1", "user_id", "u1", union_id="on_1", profile=profile)
    gateway.other.person = Identity("fake:2", "user_id", "u1", union_id="on_1", profile=profile)
    first.log_in()
    second.log_in("c2", "other")
    assert first.me()["user_id"] != second.me()["user_id"]


def test_unlinking_takes_one_away_but_never_the_last(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    browser.finish(browser.start_link(), "c7", channel="other")
    first, second = (each["id"] for each in browser.me()["identities"])
    assert browser.post(f"/api/v1/me/identities/{second}/unlink").status_code == 403
    assert browser.get(f"/api/v1/me/identities/{second}/unlink").status_code == 405
    assert browser.post_proven(f"/api/v1/me/identities/{first}/unlink").status_code == 204
    assert browser.me()["identity"]["id"] == second
    assert gateway.fake.revoked == ["access-c1"]
    last = browser.post_proven(f"/api/v1/me/identities/{second}/unlink")
    assert (last.status_code, last.get_json()["error"]) == (409, "last_identity")


def test_unlinking_ends_the_other_sessions_of_that_account(gateway: InMemoryGateway):
    browser, elsewhere = gateway.browser(), gateway.browser()
    browser.log_in()
    browser.finish(browser.start_link(), channel="other")
    elsewhere.log_in("c8", "other")
    identity_id = elsewhere.me()["identity"]["id"]
    browser.post_proven(f"/api/v1/me/identities/{identity_id}/unlink")
    assert elsewhere.get("/api/v1/me").status_code == 401
    assert browser.get("/api/v1/me").status_code == 200


def test_somebody_elses_identity_looks_like_none(gateway: InMemoryGateway):
    browser, other = gateway.browser(), gateway.browser()
    browser.log_in()
    other.log_in("c2", "other")
    theirs = other.me()["identity"]["id"]
    answers = [browser.get(f"/api/v1/me/identities/{each}") for each in (theirs, "0" * 32)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].get_json()["error"] == answers[1].get_json()["error"]
    assert browser.post_proven(f"/api/v1/me/identities/{theirs}/unlink").status_code == 404
    own = browser.me()["identity"]["id"]
    assert browser.me(f"/api/v1/me/identities/{own}")["subject"] == "u1"


def test_a_form_is_redirected_and_a_script_gets_the_address(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    form = {"csrf_token": browser.me()["csrf_token"], "next": "/accounts"}
    redirected = browser.post("/oauth/other/link", data=form)
    assert redirected.status_code == 303
    assert redirected.headers["Location"].startswith("https://login.fake.example/")
    told = browser.post("/oauth/other/link", data=form | {"mode": "json"})
    assert told.get_json()["authorize_url"].startswith("https://login.fake.example/")
    bad = browser.post("/oauth/other/link", data=form | {"next": "//evil"})
    assert bad.status_code == 400


def test_links_may_lead_from_a_form_to_the_login_pages_only(gateway: InMemoryGateway):
    policy = gateway.browser().get("/oauth/done").headers["Content-Security-Policy"]
    assert "form-action 'self' https://login.fake.example:443;" in policy
