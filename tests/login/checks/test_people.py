"""Checks 52, 80 and 81: pictures that nobody fetches, people whom an operator stops, sessions that a person ends elsewhere."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner, Result

from app.cli.people import people_group
from app.pipeline.operators.people import disable_person, enable_person, remove_identity
from app.storage.login.connections import connections
from tests.login.browser import SESSION_COOKIE, cookies_set
from tests.login.simulated import GatedHttp, SimulatedGateway, VisitingBrowser

ON_SQLITE = pytest.mark.backends("sqlite")


@ON_SQLITE
def test_check_52_a_picture_inside_the_network_is_never_fetched_by_the_server(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    asked: list[str] = []

    class Inside(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)

    inside = ThreadingHTTPServer(("127.0.0.1", 0), Inside)
    threading.Thread(target=inside.serve_forever, args=(0.02,), daemon=True).start()
    picture = f"http://127.0.0.1:{inside.server_port}/latest/meta-data"
    gateway.sandbox.state.faults.add(
        "oauth2.userinfo", "merge", replace={"picture": picture, "avatar_url": picture, "avatar": picture}
    )
    browser.log_in()
    me = browser.me("/api/v1/me?fresh=1")
    pages = [browser.get(path) for path in ("/oauth/done", "/", "/auth/verify")]
    inside.shutdown()
    inside.server_close()
    assert me["identity"]["avatar_url"] == picture, "it is handed on as an address, and that is all"
    assert asked == []
    for page in pages:
        rules = dict(rule.split(" ", 1) for rule in page.headers["Content-Security-Policy"].split("; "))
        assert rules["img-src"] == "'self' https: data:", (
            "no browser of a person asks inside the network either"
        )
        assert rules["default-src"] == "'self'"
        assert picture not in page.text


@ON_SQLITE
@pytest.mark.parametrize(
    "picture", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//a.example"]
)
def test_check_52b_what_is_no_web_address_is_no_picture(
    gateway: SimulatedGateway, browser: VisitingBrowser, picture: str
):
    gateway.sandbox.state.faults.add("oauth2.userinfo", "merge", replace={"picture": picture})
    browser.log_in()
    assert browser.me()["identity"]["avatar_url"] is None


def disable(gateway: SimulatedGateway, user_id: str) -> int:
    return disable_person(gateway.services, user_id, actor="terminal")


def test_check_80a_a_disabled_persons_sessions_and_tokens_are_useless_at_once_in_every_process(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    user_id = browser.me()["user_id"]
    second, stranger = gateway.browser(), gateway.browser()
    second.log_in()
    stranger.log_in(person="maya")
    elsewhere = browser.copy(gateway.twin())
    assert elsewhere.is_signed_in()
    issued = {call.form["token"] for call in gateway.calls("oauth2.revoke")}
    assert disable(gateway, user_id) == 2
    for seen in (browser, second, elsewhere):
        for path in ("/api/v1/me", "/api/v1/me?fresh=1", "/auth/verify"):
            assert seen.get(path).status_code == 401
    assert elsewhere.post("/api/v1/session/refresh").status_code == 401
    assert gateway.count(connections) == 1, "the stranger's"
    assert stranger.fresh().status_code == 200
    assert {call.form["token"] for call in gateway.calls("oauth2.revoke")} - issued, "the platform was told"
    entry = gateway.last_audit()
    assert (entry.actor, entry.action, entry.target) == ("terminal", "person.disabled", user_id)


def test_check_80b_a_disabled_person_does_not_log_in_again_until_enabled(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    user_id = browser.me()["user_id"]
    disable(gateway, user_id)
    fresh = gateway.browser()
    returned = fresh.approve(fresh.start())
    answer = fresh.callback(returned)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "person_disabled")
    assert SESSION_COOKIE not in cookies_set(answer)
    assert fresh.callback(returned).get_json()["error"] == "person_disabled", "and a repeat is told the same"
    assert gateway.count(connections) == 0
    enable_person(gateway.services, user_id, actor="terminal")
    fresh.log_in()
    assert fresh.me()["user_id"] == user_id


def test_check_80c_a_login_that_is_being_finished_does_not_outlive_the_disabling(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    user_id = browser.me()["user_id"]
    late = gateway.browser()
    returned = late.approve(late.start())
    gate = GatedHttp(gateway.channel("account").http, when="authorization_code", after_the_answer=True)
    gateway.use_http("account", gate)
    with ThreadPoolExecutor(1) as pool:
        finishing = pool.submit(late.callback, returned)
        assert gate.reached.wait(20)
        disable(gateway, user_id)
        gate.go_on.set()
        answer = finishing.result(20)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "person_disabled")
    assert gateway.count(connections) == 0
    assert not late.is_signed_in()


def test_check_80d_a_refresh_under_way_does_not_bring_a_disabled_persons_tokens_back(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    gateway.sandbox.state.lifetimes["oauth2.access_token"] = 100
    browser.log_in()
    user_id = browser.me()["user_id"]
    gate = GatedHttp(gateway.channel("account").http, after_the_answer=True)
    gateway.use_http("account", gate)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(browser.fresh)
        assert gate.reached.wait(20)
        disable(gateway, user_id)
        gate.go_on.set()
        assert asking.result(20).status_code == 401
    assert gateway.count(connections) == 0


def test_check_80e_with_a_removed_identity_its_sessions_and_tokens_go_and_the_others_stay(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    assert browser.link("second").status_code == 303
    me = browser.me()
    going = next(each["id"] for each in me["identities"] if each["channel"] == "account")
    second = gateway.browser()
    second.log_in("second")
    remove_identity(gateway.services, me["user_id"], going, actor="terminal")
    assert not browser.is_signed_in()
    assert [each["channel"] for each in second.me()["identities"]] == ["second"]
    assert gateway.count(connections) == 1
    browser.log_in()
    assert browser.me()["user_id"] != me["user_id"], "the account alone brings nobody's other accounts back"


def test_check_80f_the_last_identity_of_somebody_can_be_removed_too(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    browser.log_in()
    me = browser.me()
    remove_identity(gateway.services, me["user_id"], me["identity"]["id"], actor="terminal")
    assert not browser.is_signed_in()
    assert gateway.count(connections) == 0


def people(gateway: SimulatedGateway, *words: str) -> Result:
    return CliRunner().invoke(people_group(gateway.services), words)


@ON_SQLITE
def test_check_80g_an_operator_does_all_that_in_a_terminal(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    assert people(gateway, "list").output == "Nobody has logged in yet.\n"
    browser.log_in()
    me = browser.me()
    user_id, identity_id = me["user_id"], me["identity"]["id"]
    shown = people(gateway, "list").output
    assert user_id in shown
    assert identity_id in shown
    assert " enabled " in shown
    disabled = people(gateway, "disable", user_id).output
    assert disabled.endswith(f"{user_id} is disabled; 1 sessions have ended.\n")
    assert " disabled " in people(gateway, "list").output
    assert people(gateway, "enable", user_id).exit_code == 0
    browser.log_in()
    assert people(gateway, "unlink", user_id, identity_id).exit_code == 0
    assert not browser.is_signed_in()


@ON_SQLITE
@pytest.mark.parametrize("words", [("disable", "u"), ("enable", "u"), ("unlink", "u", "i")])
def test_check_80h_a_wrong_id_changes_nothing_and_is_told(
    gateway: SimulatedGateway, browser: VisitingBrowser, words: tuple[str, ...]
):
    browser.log_in()
    before = gateway.last_audit().id
    result = people(gateway, *words)
    assert result.exit_code == 1
    assert "no such" in result.output
    assert browser.is_signed_in()
    assert gateway.last_audit().id == before


def test_check_81a_a_person_ends_all_other_sessions_in_every_process_and_keeps_this_one(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    others = [gateway.browser() for _ in range(2)]
    stranger = gateway.browser()
    for each in (browser, *others):
        each.log_in()
    stranger.log_in(person="maya")
    elsewhere = others[0].copy(gateway.twin())
    assert elsewhere.is_signed_in()
    answer = browser.post_proven("/api/v1/me/sessions/end-others")
    assert (answer.status_code, answer.get_json()) == (200, {"ended": 2})
    assert [each.is_signed_in() for each in (*others, elsewhere)] == [False, False, False]
    assert browser.fresh().status_code == 200, "the tokens that this session uses stay"
    assert stranger.is_signed_in()
    assert browser.post_proven("/api/v1/me/sessions/end-others").get_json() == {"ended": 0}


@ON_SQLITE
@pytest.mark.parametrize(
    "headers",
    [{}, {"X-CSRF-Token": "x"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_check_81b_nobody_ends_sessions_in_a_persons_name(
    gateway: SimulatedGateway, browser: VisitingBrowser, headers: dict[str, str]
):
    other = gateway.browser()
    other.log_in()
    browser.log_in()
    proof = {} if "X-CSRF-Token" in headers or not headers else {"X-CSRF-Token": browser.me()["csrf_token"]}
    answer = browser.post("/api/v1/me/sessions/end-others", headers={**proof, **headers})
    assert answer.status_code == 403
    assert browser.get("/api/v1/me/sessions/end-others").status_code in (404, 405)
    assert gateway.browser().post("/api/v1/me/sessions/end-others").status_code == 401
    assert other.is_signed_in()
