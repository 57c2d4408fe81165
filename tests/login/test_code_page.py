"""The page of ours on which a platform's script hands out the code: who gets it, what it may run, who may post from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from app.core.code_pages import CodeScript
from app.storage.database.db import Database
from tests.builders import FrozenClock
from tests.login.browser import BASE_URL
from tests.login.in_memory import CodeBrowser, FakePlatform, InMemoryGateway, open_gateway

LIBRARY = "https://scripts.corp.example/bridge.js"
IN_APP = {"User-Agent": "Mozilla/5.0 (iPhone) CorpApp/4.1"}


@dataclass
class ScriptedPlatform(FakePlatform):
    """Hands out codes by a script inside its app, and on its own page everywhere else."""

    code_parameters: tuple[str, ...] = ("authCode", "code")
    pages: tuple[str, ...] = ("in-app", "page")

    def page_for(self, user_agent: str) -> str:
        return "in-app" if "CorpApp" in user_agent else "page"

    def code_script(self, page: str) -> CodeScript | None:
        if page != "in-app":
            return None
        return CodeScript(LIBRARY, "corp.ready", "corp.askCode", {"company": '"><script>&'})


@pytest.fixture
def scripted(database: Database, clock: FrozenClock) -> Iterator[InMemoryGateway]:
    platforms = {"corp": ScriptedPlatform("corp:1"), "fake": FakePlatform("fake:1")}
    made = open_gateway(database, clock, platforms)
    yield made
    made.close()


def started(browser: CodeBrowser) -> str:
    """Start inside the app and return the address of the page."""
    return browser.start("corp", headers=IN_APP).authorize_url


def state_of(address: str) -> str:
    return urlsplit(address).query.removeprefix("state=")


def posted(browser: CodeBrowser, state: str, code: str = "c1", **headers: str) -> TestResponse:
    """Post as the page does, from a page of this gateway unless headers say otherwise."""
    sent = {"Origin": BASE_URL, "Sec-Fetch-Site": "same-origin"} | headers
    return browser.post(
        "/oauth/corp/callback",
        data={"state": state, "authCode": code},
        headers={name.replace("_", "-"): value for name, value in sent.items() if value},
    )


def test_only_the_apps_browser_is_sent_to_a_page_of_ours(scripted: InMemoryGateway) -> None:
    browser = scripted.browser()
    assert started(browser).startswith(f"{BASE_URL}/oauth/corp/code?state=")
    assert browser.start("corp").authorize_url.startswith("https://login.fake.example/")
    assert browser.start("fake", headers=IN_APP).authorize_url.startswith("https://login.fake.example/")


def test_the_page_holds_what_the_script_needs_and_nothing_breaks_out_of_it(scripted: InMemoryGateway) -> None:
    browser = scripted.browser()
    address = started(browser)
    page = browser.get(address)
    assert page.status_code == 200
    found = dict(re.findall(r'data-(ready|ask|parameters)="([^"]*)"', page.text))
    assert (found["ready"], found["ask"]) == ("corp.ready", "corp.askCode")
    assert json.loads(unescape(found["parameters"])) == {"company": '"><script>&'}
    assert f'<script src="{LIBRARY}"' in page.text
    assert f'name="state" value="{state_of(address)}"' in page.text
    assert 'name="authCode" value=""' in page.text


def test_only_this_page_may_run_the_strangers_script(scripted: InMemoryGateway) -> None:
    browser = scripted.browser()
    page = browser.get(started(browser))
    assert page.headers["Content-Security-Policy"].endswith(f"; script-src 'self' {LIBRARY}")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.headers["Cache-Control"]
    assert LIBRARY not in browser.get("/oauth/done").headers["Content-Security-Policy"]


def test_what_the_page_posts_logs_the_person_in(scripted: InMemoryGateway) -> None:
    browser = scripted.browser()
    answer = posted(browser, state_of(started(browser)))
    assert answer.status_code == 303
    assert browser.get(answer.headers["Location"]).headers["Location"] == "/welcome"
    assert browser.is_signed_in()
    assert [code for code, *_ in scripted.platforms["corp"].exchanged] == ["c1"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": ""},
    ],
    ids=str,
)
def test_no_other_page_may_post(scripted: InMemoryGateway, headers: dict[str, str]) -> None:
    browser = scripted.browser()
    state = state_of(started(browser))
    assert posted(browser, state, **headers).status_code == 403
    assert not browser.is_signed_in()
    assert posted(browser, state).status_code == 303


def test_a_state_of_another_browser_shows_no_page_and_logs_nobody_in(scripted: InMemoryGateway) -> None:
    mine, other = scripted.browser(), scripted.browser()
    address = started(other)
    started(mine)
    assert mine.get(address).status_code == 400
    assert mine.get(posted(mine, state_of(address)).headers["Location"]).status_code == 400
    assert not mine.is_signed_in()
    assert scripted.platforms["corp"].exchanged == []


@pytest.mark.parametrize(
    "query", ["", "?state=", "?state=made-up", "?state=%22%3E%3Cscript%3E", "?state=a&state=b", "?state=%ff"]
)
def test_without_a_state_of_its_own_there_is_no_page(scripted: InMemoryGateway, query: str) -> None:
    browser = scripted.browser()
    started(browser)
    page = browser.get(f"/oauth/corp/code{query}")
    assert page.status_code == 400
    assert LIBRARY not in page.text
    assert "<script>" not in page.text


def test_a_login_of_the_platforms_own_page_has_no_page_here(scripted: InMemoryGateway) -> None:
    browser = scripted.browser()
    state = browser.start("corp").state
    assert browser.get(f"/oauth/corp/code?state={state}").status_code == 400
    assert browser.get(f"/oauth/fake/code?state={browser.start('fake').state}").status_code == 400


def test_a_spent_or_old_login_has_no_page_any_more(scripted: InMemoryGateway) -> None:
    browser = scripted.browser()
    spent, old = started(browser), started(browser)
    browser.get(posted(browser, state_of(spent)).headers["Location"])
    assert browser.get(spent).status_code == 400
    scripted.clock.advance(seconds=3600)
    page = browser.get(old)
    assert page.status_code == 400
    assert "too long" in page.text


def test_the_page_is_not_fetched_ahead_or_framed(scripted: InMemoryGateway) -> None:
    browser = scripted.browser()
    address = started(browser)
    for headers in ({"Sec-Purpose": "prefetch"}, {"Sec-Fetch-Dest": "iframe"}):
        assert browser.get(address, headers=headers).status_code == 403
    assert browser.open(address, method="HEAD").status_code == 405


@pytest.mark.parametrize(
    ("start", "policy"),
    [
        ("next=/welcome", "same-origin"),
        ("next=/welcome&mode=popup", "same-origin-allow-popups"),
        ("next=https://app.example/cb&mode=popup", "unsafe-none"),
    ],
)
def test_a_popup_stays_connected_to_the_page_that_waits(
    scripted: InMemoryGateway, start: str, policy: str
) -> None:
    browser = scripted.browser()
    page = browser.get(browser.start("corp", start, headers=IN_APP).authorize_url)
    assert page.headers["Cross-Origin-Opener-Policy"] == policy


def test_a_page_that_got_no_code_cancels_the_login(scripted: InMemoryGateway) -> None:
    browser = scripted.browser()
    answer = browser.get(posted(browser, state_of(started(browser)), code="").headers["Location"])
    assert answer.status_code == 400
    assert "cancelled" in answer.text
    assert scripted.platforms["corp"].exchanged == []


def test_a_script_may_ask_where_to_go(scripted: InMemoryGateway) -> None:
    answer = scripted.browser().get("/oauth/corp/start?next=/welcome&mode=json", headers=IN_APP)
    assert answer.get_json()["authorize_url"].startswith(f"{BASE_URL}/oauth/corp/code?state=")


def test_other_channels_take_no_posts(scripted: InMemoryGateway) -> None:
    browser = scripted.browser()
    answer = browser.post("/oauth/fake/callback", data={"state": browser.start("fake").state, "code": "c"})
    assert answer.status_code == 405
