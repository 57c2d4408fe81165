"""Checks 53-59: who somebody is, and that nobody becomes somebody else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.login.simulated import SimulatedGateway, VisitingBrowser

ON_SQLITE = pytest.mark.backends("sqlite")
NOBODY = (0, 0, 0, 0)
DOUBTFUL: list[Any] = [
    "",
    " ",
    "\t",
    None,
    True,
    False,
    ["7"],
    {"id": 7},
    7.0,
    1.5,
    "a\x00b",
    "x" * 256,
    "\ud800",
]
LOOKING_ALIKE = [
    "Ada", "ada", "ADA", "stra\u00dfe", "strasse", "\u00e9", "e\u0301", "e", "id", "id ", " id", "7", "\uff17", "07",
    "\u0130", "i", "a\u200bb", "ab", "\u00e4", "a\u0308", "\ufb01", "fi",
]  # fmt: skip


def say(gateway: SimulatedGateway, endpoint: str = "oauth2.userinfo", **fields: Any) -> None:
    """Let the platform's next profile say something else."""
    gateway.sandbox.state.faults.add(endpoint, "merge", 1, replace=fields)


def try_login(browser: VisitingBrowser, channel: str = "account", person: str = "linxiao") -> TestResponse:
    return browser.callback(browser.approve(browser.start(channel), person))


@ON_SQLITE
@pytest.mark.parametrize(
    ("channel", "endpoint", "field"),
    [
        ("account", "oauth2.userinfo", "id"),
        ("feishu", "feishu.user_info", "open_id"),
        ("wechat", "wechat.token", "openid"),
    ],
)
def test_check_53a_a_doubtful_user_id_is_nobody(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str, endpoint: str, field: str
):
    inside = "data." if channel == "feishu" else ""
    for subject in DOUBTFUL:
        changed: dict[str, Any] = {field: subject}
        if inside:
            changed = {"data": changed}
        gateway.sandbox.state.faults.add(endpoint, "merge", 1, replace=changed)
        answer = try_login(browser, channel)
        assert 400 <= answer.status_code < 600, subject
        assert answer.status_code != 500, subject
        assert gateway.stored_people() == NOBODY, subject
    gateway.sandbox.state.faults.add(endpoint, "merge", 1, remove=[f"{inside}{field}"])
    assert try_login(browser, channel).status_code == 502
    assert gateway.stored_people() == NOBODY


@ON_SQLITE
@pytest.mark.parametrize("number", ["1e16", "1E2", "-0.0", "9007199254740993.0", "1e999"])
def test_check_53b_a_user_id_written_as_a_float_is_nobody(
    gateway: SimulatedGateway, browser: VisitingBrowser, number: str
):
    body = f'{{"id":{number},"username":"x"}}'
    gateway.sandbox.state.faults.add("oauth2.userinfo", "raw", 1, body=body)
    assert try_login(browser).status_code == 502
    assert gateway.stored_people() == NOBODY


@ON_SQLITE
@pytest.mark.parametrize(
    "number", ["1234567890123456789", "9007199254740993", "18446744073709551617", "0", "-5"]
)
def test_check_53c_a_whole_number_is_kept_digit_by_digit(
    gateway: SimulatedGateway, browser: VisitingBrowser, number: str
):
    body = f'{{"id":{number},"username":"x"}}'
    gateway.sandbox.state.faults.add("oauth2.userinfo", "raw", 1, body=body)
    assert try_login(browser).status_code == 303
    assert browser.me()["identity"]["subject"] == number


@ON_SQLITE
def test_check_53d_a_profile_of_another_person_than_the_tokens_is_refused(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    say(gateway, "wechat.userinfo", openid="oSomebodyElse000000000000000")
    assert 400 <= try_login(browser, "wechat").status_code < 500
    assert gateway.stored_people() == NOBODY
    browser.log_in()
    say(gateway, id=4711, username="maya")
    answer = browser.fresh()
    assert (answer.status_code, answer.get_json()["error"]) == (502, "upstream_bad_identity")
    assert browser.me()["identity"]["name"] == "linxiao"


def test_check_54a_ids_that_only_look_alike_are_as_many_people(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    def user(subject: str) -> str:
        say(gateway, id=subject)
        assert try_login(browser).status_code == 303
        me = browser.me()
        assert me["identity"]["subject"] == subject
        return me["user_id"]

    users = {subject: user(subject) for subject in LOOKING_ALIKE}
    assert len(set(users.values())) == len(LOOKING_ALIKE)
    assert {subject: user(subject) for subject in reversed(LOOKING_ALIKE)} == users


def test_check_54b_the_same_id_at_two_servers_is_two_people(gateway: SimulatedGateway):
    people = set()
    for channel in ("account", "second"):
        visitor = gateway.browser()
        visitor.log_in(channel, "linxiao")
        me = visitor.me()
        assert me["identity"]["subject"] == "10001"
        people.add((me["user_id"], me["identity"]["issuer"]))
    assert len(people) == 2
    assert len({user for user, _ in people}) == 2


def test_check_54c_the_same_id_at_two_platforms_is_two_people(gateway: SimulatedGateway):
    say(gateway, "feishu.user_info", data={"open_id": "10001"})
    visitors = [gateway.browser() for _ in range(2)]
    assert try_login(visitors[0], "feishu").status_code == 303
    visitors[1].log_in("account")
    users = {visitor.me()["user_id"] for visitor in visitors}
    subjects = {visitor.me()["identity"]["subject"] for visitor in visitors}
    assert (len(users), subjects) == (2, {"10001"})


@ON_SQLITE
@pytest.mark.parametrize("verified", [None, True, False])
def test_check_55a_the_same_mail_address_joins_nobody(
    gateway: SimulatedGateway, browser: VisitingBrowser, verified: bool | None
):
    browser.log_in(person="linxiao")
    mine = browser.me()
    other = gateway.browser()
    say(gateway, email=mine["identity"]["profile"]["email"], username="linxiao", email_verified=verified)
    assert try_login(other, person="maya").status_code == 303
    assert other.me()["user_id"] != mine["user_id"]
    assert other.me()["identity"]["profile"]["email"] == mine["identity"]["profile"]["email"]
    assert len(browser.me()["identities"]) == len(other.me()["identities"]) == 1


@ON_SQLITE
def test_check_55b_the_same_union_id_joins_nobody_by_itself(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in("feishu", "linxiao")
    other = gateway.browser()
    say(gateway, "feishu.user_info", data={"union_id": browser.me()["identity"]["union_id"]})
    assert try_login(other, "feishu", "maya").status_code == 303
    assert other.me()["user_id"] != browser.me()["user_id"]


@ON_SQLITE
def test_check_55c_a_person_joins_accounts_from_inside_a_session(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in("account")
    user = browser.me()["user_id"]
    assert browser.link("feishu").status_code == 303
    assert {each["channel"] for each in browser.me()["identities"]} == {"account", "feishu"}
    again = gateway.browser()
    again.log_in("feishu")
    assert again.me()["user_id"] == user


@ON_SQLITE
def test_check_56_an_account_of_somebody_else_cannot_be_taken_over_by_linking(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    owner = gateway.browser()
    owner.log_in("feishu", "maya")
    before = owner.me()
    browser.log_in("account", "linxiao")
    answer = browser.link("feishu", "maya")
    assert (answer.status_code, answer.get_json()["error"]) == (409, "identity_taken")
    assert len(browser.me()["identities"]) == 1
    assert owner.me()["user_id"] == before["user_id"]
    assert owner.me()["identities"] == before["identities"]
    assert gateway.last_audit().outcome == "identity_taken"


@ON_SQLITE
@pytest.mark.parametrize("switch", ["to another user", "to a new session of the same user", "to nobody"])
def test_check_57_a_link_ends_only_in_the_session_that_started_it(
    gateway: SimulatedGateway, browser: VisitingBrowser, switch: str
):
    browser.log_in("account", "linxiao")
    returned = browser.approve(browser.start_link("feishu"), "wangzimo")
    if switch == "to another user":
        browser.log_in("account", "maya")
    elif switch == "to a new session of the same user":
        browser.log_in("account", "linxiao")
    else:
        browser.log_out()
    gateway.forget_calls()
    gateway.assert_rejected(browser.callback(returned), "session_changed")
    for person in ("linxiao", "maya"):
        visitor = gateway.browser()
        visitor.log_in("account", person)
        assert len(visitor.me()["identities"]) == 1


@ON_SQLITE
def test_check_58a_linking_and_unlinking_are_no_links_to_click(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    identity = browser.me()["identity"]["id"]
    for path in ("/oauth/feishu/link", f"/api/v1/me/identities/{identity}/unlink"):
        for method in ("GET", "HEAD"):
            answer = browser.open(path, method=method)
            assert answer.status_code == 405
            assert "Location" not in answer.headers
    assert len(browser.me()["identities"]) == 1


@ON_SQLITE
def test_check_58b_another_sites_page_cannot_link_or_unlink(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    stranger = gateway.browser()
    stranger.log_in(person="maya")
    browser.log_in()
    browser.link("wechat")
    good = {"X-CSRF-Token": browser.me()["csrf_token"]}
    identity = browser.me()["identity"]["id"]
    gateway.forget_calls()
    for headers in (
        *({"X-CSRF-Token": token} for token in ("", "0" * 64, "\xe9", stranger.me()["csrf_token"])),
        *(
            good | {"Origin": origin}
            for origin in (
                "https://evil.example",
                "http://gate.example",
                "https://gate.example:444",
                "https://gate.example.evil.example",
                "null",
            )
        ),
        *(good | {"Sec-Fetch-Site": site} for site in ("cross-site", "same-site")),
        {},
    ):
        for path in ("/oauth/feishu/link", f"/api/v1/me/identities/{identity}/unlink"):
            answer = browser.post(path, headers=headers)
            assert answer.status_code == 403, headers
            assert answer.get_json()["error"] in ("csrf", "cross_site")
            assert "Location" not in answer.headers
    assert len(browser.me()["identities"]) == 2
    assert gateway.calls() == []


@ON_SQLITE
def test_check_58c_nobody_links_without_a_session(browser: VisitingBrowser):
    answer = browser.post("/oauth/feishu/link")
    assert (answer.status_code, answer.get_json()["error"]) == (401, "login_required")
    assert "Location" not in answer.headers


@ON_SQLITE
def test_check_59_the_last_account_stays(browser: VisitingBrowser):
    browser.log_in()
    answer = browser.post_proven(f"/api/v1/me/identities/{browser.me()['identity']['id']}/unlink")
    assert (answer.status_code, answer.get_json()["error"]) == (409, "last_identity")
    assert browser.is_signed_in()
    assert "link another account" in json.dumps(answer.get_json())
