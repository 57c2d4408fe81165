"""How a login that does not finish is told: the page's way on, a popup's page, and the program that named error_to."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.login.browser import BASE_URL
from tests.login.in_memory import InMemoryGateway

pytestmark = pytest.mark.backends("sqlite")
HTML = {"Accept": "text/html", "Accept-Language": "en"}
DENIED = "/oauth/fake/callback?state={}&error=access_denied"


def start_again(page: str) -> str | None:
    found = re.search(r'href="([^"]+)">Start again', page)
    return html.unescape(found[1]) if found else None


@pytest.mark.parametrize(
    ("query", "again"),
    [
        ("next=/%E6%8A%A5", "/oauth/fake/start?next=/%25E6%258A%25A5"),
        ("next=/a%3Fb%3Dc%26mode%3Dx", "/oauth/fake/start?next=/a%3Fb%3Dc%26mode%3Dx"),
        ("next=/a&mode=popup", "/oauth/fake/start?next=/a&mode=popup"),
        ("next=https://app.example/cb/x&mode=json", "/oauth/fake/start?next=https%3A//app.example/cb/x"),
    ],
)
def test_start_again_keeps_where_to_and_how(gateway: InMemoryGateway, query: str, again: str):
    browser = gateway.browser()
    answer = browser.get(f"/oauth/fake/start?{query}")
    address = answer.headers.get("Location") or answer.get_json()["authorize_url"]
    state = parse_qs(urlsplit(address).query)["state"][0]
    page = browser.get(DENIED.format(state), headers=HTML)
    assert page.status_code == 400
    assert start_again(page.text) == again
    assert browser.start(query=again.partition("?")[2])


def test_a_start_that_fails_keeps_where_to_and_how_too(gateway: InMemoryGateway):
    page = gateway.browser().get("/oauth/fake/start?next=/a&mode=popup&error_to=//evil", headers=HTML)
    assert start_again(page.text) == "/oauth/fake/start?next=/a&mode=popup"
    assert "evil" not in page.text


def test_a_stranger_learns_nothing_of_where_a_login_leads(gateway: InMemoryGateway):
    state = gateway.browser().start(query="next=/secret&error_to=/told").state
    answer = gateway.browser().get(DENIED.format(state), headers=HTML)
    assert answer.status_code == 400
    assert start_again(answer.text) == "/oauth/fake/start"


def test_a_link_that_fails_leads_back_and_starts_no_login(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in()
    state = browser.start_link().state
    page = browser.get(f"/oauth/other/callback?state={state}&error=access_denied", headers=HTML)
    assert start_again(page.text) is None
    assert 'href="/">Back' in page.text


@pytest.mark.parametrize(
    ("next_address", "origin", "policy"),
    [
        ("/a", BASE_URL, "same-origin-allow-popups"),
        ("https://app.example/cb", "https://app.example", "unsafe-none"),
    ],
)
def test_a_denied_popup_offers_to_close_and_tells_the_page_that_waits(
    gateway: InMemoryGateway, next_address: str, origin: str, policy: str
):
    browser = gateway.browser()
    state = browser.start(query=f"next={next_address}&mode=popup").state
    page = browser.get(DENIED.format(state), headers=HTML)
    assert "data-close>Close this window" in page.text
    assert f'data-origin="{origin}" data-error="access_denied"' in page.text
    assert page.headers["Cross-Origin-Opener-Policy"] == policy


def test_a_login_without_a_popup_has_no_window_to_close(gateway: InMemoryGateway):
    browser = gateway.browser()
    page = browser.get(DENIED.format(browser.start().state), headers=HTML)
    assert "data-close" not in page.text
    assert "callgate-login" not in page.text
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("error_to", "before", "after"),
    [
        ("https://app.example/cb/failed", "https://app.example/cb/failed?", ""),
        ("https://app.example/cb?a=b%23c", "https://app.example/cb?a=b&", "#c"),
        ("/failed", "/failed?", ""),
    ],
)
def test_a_failure_goes_to_the_program_that_asked_for_it(
    gateway: InMemoryGateway, error_to: str, before: str, after: str
):
    browser = gateway.browser()
    state = browser.start(query=f"next=/a&error_to={error_to}").state
    for _ in range(2):
        answer = browser.get(DENIED.format(state), headers=HTML)
        assert answer.status_code == 303
        told = re.fullmatch(
            re.escape(before) + "error=access_denied&trace_id=([0-9a-f]+)" + re.escape(after),
            answer.headers["Location"],
        )
        assert told


def test_a_start_that_fails_goes_there_too(gateway: InMemoryGateway):
    answer = gateway.browser().get("/oauth/nobody/start?error_to=https://app.example/cb")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("https://app.example/cb?error=")


@pytest.mark.parametrize(
    "error_to", ["https://evil.example/", "//evil", "https://app.example/cbx", "javascript:x"]
)
def test_a_failure_is_told_only_below_return_urls(gateway: InMemoryGateway, error_to: str):
    answer = gateway.browser().get(f"/oauth/fake/start?error_to={error_to}")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_return_url")
    assert "Location" not in answer.headers
    assert "error_to" in answer.get_json()["message"]


def test_done_names_the_person_and_the_platform(gateway: InMemoryGateway):
    browser = gateway.browser()
    assert "You are not logged in" in browser.get("/oauth/done", headers=HTML).text
    browser.log_in()
    page = browser.get("/oauth/done", headers=HTML).text
    assert "You are logged in as Ada" in page
    assert "through " in page


class TestAnotherAddress:
    """A page opened under another address than PUBLIC_BASE_URL."""

    def test_a_person_is_sent_to_the_public_address_and_told_why_before_the_login_starts(
        self, gateway: InMemoryGateway
    ):
        browser = gateway.browser()
        moved = browser.get(
            "/oauth/fake/start?next=/a&mode=popup", headers=HTML, base_url="http://localhost:5003"
        )
        assert moved.status_code == 303
        assert moved.headers["Location"] == f"{BASE_URL}/oauth/fake/start?next=%2Fa&mode=popup&moved=1"
        assert "Set-Cookie" not in moved.headers
        told = browser.get(moved.headers["Location"].removeprefix(BASE_URL), headers=HTML)
        assert "You had opened the gateway under another address" in told.text
        assert "Set-Cookie" not in told.headers
        link = re.search(r'class="button primary" href="([^"]+)"', told.text)
        assert link
        started = browser.get(html.unescape(link[1]), headers=HTML)
        assert started.headers["Location"].startswith("https://login.fake.example/")

    def test_a_proxy_that_rewrites_the_host_leads_in_no_circle(self, gateway: InMemoryGateway):
        browser = gateway.browser()
        seen = []
        path = "/oauth/fake/start?next=/a"
        for _ in range(3):
            answer = browser.get(path, headers=HTML, base_url="https://backend.internal")
            seen.append(answer.status_code)
            path = (
                answer.headers.get("Location", "").removeprefix(BASE_URL)
                or "/oauth/fake/start?next=/a&moved=2"
            )
        assert seen == [303, 200, 303]
        assert path.startswith("https://login.fake.example/")

    def test_the_public_address_itself_is_no_other_address(self, gateway: InMemoryGateway):
        for base in (BASE_URL, f"{BASE_URL}:443", BASE_URL.replace("gate", "GATE")):
            answer = gateway.browser().get("/oauth/fake/start", headers=HTML, base_url=base)
            assert answer.headers["Location"].startswith("https://login.fake.example/")


class TestFetchMetadata:
    """What browsers say about where a request comes from."""

    @pytest.mark.parametrize(
        "destination", ["image", "iframe", "frame", "script", "empty", "object", "embed"]
    )
    def test_a_login_neither_starts_nor_ends_inside_another_page(
        self, gateway: InMemoryGateway, destination: str
    ):
        browser = gateway.browser()
        headers = {
            "Sec-Fetch-Dest": destination,
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Site": "cross-site",
        }
        started = browser.start()
        for path in ("/oauth/fake/start", "/oauth/fake/start?mode=json"):
            answer = browser.get(path, headers=headers)
            assert (answer.status_code, answer.get_json()["error"]) == (403, "not_a_visit")
            assert "Set-Cookie" not in answer.headers
        answer = browser.finish(started, headers=headers)
        assert (answer.status_code, answer.get_json()["error"]) == (403, "not_a_visit")
        assert not gateway.fake.exchanged
        assert browser.finish(started).status_code == 303, "nothing was spent"

    def test_a_persons_visit_starts_and_ends_a_login(self, gateway: InMemoryGateway):
        visit = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}
        browser = gateway.browser()
        assert browser.finish(browser.start(headers=visit), headers=visit).status_code == 303

    def test_a_script_of_ours_may_ask_where_to_send_its_browser(self, gateway: InMemoryGateway):
        asking = {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
        assert gateway.browser().get("/oauth/fake/start?mode=json", headers=asking).status_code == 200
        assert gateway.browser().get("/oauth/fake/start", headers=asking).status_code == 403

    def test_a_prefetch_starts_no_login(self, gateway: InMemoryGateway):
        answer = gateway.browser().get("/oauth/fake/start", headers={"Sec-Purpose": "prefetch"})
        assert (answer.status_code, answer.get_json()["error"]) == (403, "no_prefetch")
