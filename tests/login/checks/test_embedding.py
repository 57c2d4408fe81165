"""Checks 82 and 85: logins in a popup of another site's page, and logins that somebody embeds where nobody sees them."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from app.storage.login.flows import flows
from tests.login.browser import SESSION_COOKIE, cookies_set
from tests.login.simulated import RETURN_URL, SimulatedGateway, VisitingBrowser

pytestmark = pytest.mark.backends("sqlite")

LISTED = "https://app.example"
SCRIPT = Path(__file__).parents[3] / "app" / "web" / "static" / "popup.js"
EMBEDDED = (
    "image",
    "iframe",
    "frame",
    "embed",
    "object",
    "script",
    "style",
    "audio",
    "video",
    "empty",
    "manifest",
)
SILENT = ("account", "wechat", "openid")


def close_popup(browser: VisitingBrowser) -> tuple[str, str]:
    """Log in through a popup of a listed site; return the address of the return and the page that closes the popup."""
    returned = browser.approve(browser.start(query=f"mode=popup&next={RETURN_URL}"))
    return returned.path, browser.callback(returned).text


@pytest.mark.parametrize(
    "next_address",
    [
        "https://evil.example/",
        "https://app.example.evil/cb",
        "http://app.example/cb",
        "https://app.example:444/cb",
        "*",
    ],
)
def test_check_82a_no_popup_is_opened_for_an_origin_that_is_not_registered(
    gateway: SimulatedGateway, browser: VisitingBrowser, next_address: str
):
    answer = browser.get("/oauth/account/start", query_string={"mode": "popup", "next": next_address})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_return_url")
    assert gateway.count(flows) == 0


def test_check_82b_the_closing_page_names_the_registered_origin_and_holds_no_token_and_nobodys_name(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    address, page = close_popup(browser)
    data = dict(re.findall(r'data-(\w+)="([^"]*)"', page))
    assert {name: html.unescape(value) for name, value in data.items()} == {"origin": LISTED}
    me, query = browser.me(), dict(part.split("=", 1) for part in address.partition("?")[2].split("&"))
    secret = [browser.session(), me["csrf_token"], me["user_id"], me["identity"]["name"], *query.values()]
    issued = [*gateway.sandbox.state.access_tokens, *gateway.sandbox.state.refresh_tokens]
    assert [text for text in (*secret, *issued) if text in page] == []


def test_check_82c_the_closing_page_is_worth_nothing_a_second_time_or_elsewhere(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    address, page = close_popup(browser)
    assert browser.callback(address).text == page, "the same browser only reads the same once more"
    stranger = gateway.browser().callback(address, headers={"Accept": "text/html"})
    assert stranger.status_code == 400
    assert "data-origin" not in stranger.text
    assert len(gateway.token_calls()) == 1


def test_check_82d_the_message_goes_to_the_pages_own_origin_and_never_to_everybody():
    script = re.sub(r"//[^\n]*", "", SCRIPT.read_text(encoding="utf-8"))
    sent = re.findall(r"\.postMessage\(([^)]*)\)", script)
    assert sent[0] == "message, origin", "to another window: the exact origin of the page"
    assert "opener?.postMessage" in script, "a page that is gone is no error"
    assert '"*"' not in script
    assert "'*'" not in script


def embedded(destination: str, site: str = "cross-site") -> dict[str, str]:
    mode = "navigate" if destination in ("iframe", "frame", "embed", "object") else "no-cors"
    return {"Sec-Fetch-Dest": destination, "Sec-Fetch-Mode": mode, "Sec-Fetch-Site": site}


@pytest.mark.parametrize("channel", SILENT)
@pytest.mark.parametrize("destination", EMBEDDED)
def test_check_85a_a_login_embedded_on_another_site_does_not_even_start(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str, destination: str
):
    for mode in ("redirect", "popup", "json"):
        answer = browser.get(f"/oauth/{channel}/start?mode={mode}", headers=embedded(destination))
        assert (answer.status_code, answer.get_json()["error"]) == (403, "not_a_visit")
        assert cookies_set(answer) == {}
    assert gateway.count(flows) == 0
    assert gateway.calls() == [], "no platform is asked either"


@pytest.mark.parametrize("destination", EMBEDDED)
def test_check_85b_a_return_inside_a_frame_or_picture_opens_no_session_and_spends_nothing(
    gateway: SimulatedGateway, browser: VisitingBrowser, destination: str
):
    returned = browser.approve(browser.start())
    for site in ("cross-site", "same-site", "same-origin"):
        answer = browser.callback(returned, headers=embedded(destination, site))
        assert (answer.status_code, answer.get_json()["error"]) == (403, "not_a_visit")
        assert SESSION_COOKIE not in cookies_set(answer)
    assert gateway.stored_people() == (0, 0, 0, 0)
    visit = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}
    assert browser.callback(returned, headers=visit).status_code == 303


def test_check_85c_a_browser_that_says_nothing_brings_no_cookie_into_a_frame_and_gets_no_session(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    started = browser.start()
    attributes = [attributes for _, attributes in cookies_set(started.answer).values()]
    assert [each["samesite"] for each in attributes] == ["Lax"], "so that no frame of another site gets it"
    returned = browser.approve(started)
    inside_a_frame = gateway.browser()
    answer = inside_a_frame.callback(returned)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_state")
    assert SESSION_COOKIE not in cookies_set(answer)


def test_check_85d_no_page_of_a_login_is_shown_inside_a_frame(browser: VisitingBrowser):
    pages = [
        browser.get(path, headers={"Accept": "text/html"})
        for path in ("/oauth/done", "/oauth/account/callback")
    ]
    for page in pages:
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
