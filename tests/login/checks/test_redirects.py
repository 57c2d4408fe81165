"""Checks 16-25: where browsers are sent, and who decides that."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import jwt
import pytest
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from app.storage.login.flows import flows
from tests.login.browser import (
    BASE_URL,
    LOGIN_COOKIE,
    SESSION_COOKIE,
    cookies_set,
    repeated_names,
)
from tests.login.simulated import RETURN_URL, SimulatedGateway, VisitingBrowser

pytestmark = pytest.mark.backends("sqlite")

CALLBACK_ADDRESS = f"{BASE_URL}/oauth/account/callback"
EVIL = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "8080",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-For": "127.0.0.1",
    "Forwarded": "for=127.0.0.1;host=evil.example;proto=http",
    "X-Original-URL": "https://evil.example/",
    "X-Rewrite-URL": "https://evil.example/",
    "X-Original-Host": "evil.example",
}
BAD_NEXT = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\tevil.example",
    "/%09/evil.example", "/\r\nX-Injected: 1", "/%0d%0aX-Injected:1", "https:evil.example", "https:/evil.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
    "https://app.example@evil.example/cb", "https://app.example.evil.example/cb", "https://evil.example#app.example",
    "https://evil.example?https://app.example/cb", "／／evil.example", "https:／／evil.example", "HTTPS://evil.example",
    "hTTps://app.example/cb", "https://app。example/cb", " https://evil.example", "/ /evil.example", "/..//evil.example",
    "/%2fevil.example", "/%5cevil.example", "evil.example", "", "/\u202eevil", "/\x00evil", ".", "https://",
]  # fmt: skip
OUTSIDE = [
    "https://app.example.evil/", "https://app.example:444/cb", "http://app.example/cb", "https://app.example/cb/../x",
    "https://app.example/cb/%2e%2e/x", "https://app.example/cbx", "https://app.example/", "https://app.example",
    "https://APP.example/cb", "https://app.example./cb", "https://user@app.example/cb", "https://app.example\\@evil/cb",
    "https://app.example/cb//evil.example",
]  # fmt: skip
INSIDE = ["/welcome", "/", f"{RETURN_URL}", f"{RETURN_URL}/done", f"{RETURN_URL}?from=gateway#top"]


def open_with_environ(gateway: SimulatedGateway, path: str, changes: dict[str, Any]) -> TestResponse:
    """Send a request whose WSGI environment is changed as no well-behaved client would."""
    environ = EnvironBuilder(path=path, base_url=BASE_URL).get_environ() | changes
    return gateway.app.test_client().open(environ)


@pytest.mark.parametrize(
    "query",
    ["redirect_uri=https://evil.example/", "redirect_uri=a&redirect_uri=b&state=s&scope=all&client_id=x"],
)
def test_check_16_a_redirect_uri_of_the_callers_changes_nothing(
    gateway: SimulatedGateway, browser: VisitingBrowser, query: str
):
    started = browser.start(query=query)
    assert started.query["redirect_uri"] == CALLBACK_ADDRESS
    assert started.query["client_id"] == gateway.sandbox.settings["OAUTH2_CLIENT_ID"]
    assert started.query["scope"] == "profile balance"
    assert "evil" not in started.authorize_url
    browser.callback(browser.approve(started))
    assert gateway.token_calls()[0].form["redirect_uri"] == CALLBACK_ADDRESS


def test_check_17a_forwarding_headers_of_strangers_change_no_address_and_no_cookie(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    options: dict[str, Any] = {"base_url": "https://evil.example", "headers": EVIL}
    client = gateway.app.test_client()
    answer = client.get("/oauth/account/start?next=/welcome", **options)
    plain = browser.start().answer
    assert normal(answer, gateway) == normal(plain, gateway)
    assert dict(_pairs(answer.headers["Location"]))["redirect_uri"] == CALLBACK_ADDRESS


def test_check_17b_a_login_through_evil_headers_keeps_issuer_cookies_and_landing_page(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start())
    answer = browser.callback(returned, headers=EVIL)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/welcome")
    value, attributes = cookies_set(answer)[SESSION_COOKIE]
    assert "secure" in attributes
    assert "domain" not in attributes
    claims = jwt.decode(value, options={"verify_signature": False})
    assert (claims["iss"], claims["aud"]) == (BASE_URL, BASE_URL)


@pytest.mark.parametrize(
    "path",
    ["/oauth/account/callback?error=x", "/oauth/account/start?next=//e", "/", "/oauth/done", "/nowhere"],
)
def test_check_17c_no_page_repeats_the_host_it_was_asked_for(gateway: SimulatedGateway, path: str):
    answer = gateway.app.test_client().get(
        path, base_url="https://evil.example", headers=EVIL | {"Accept": "text/html"}
    )
    assert "evil" not in answer.text.lower()
    assert "evil" not in str(answer.headers).lower()


@pytest.mark.parametrize(
    "path",
    [
        "/oauth//account/start",
        "/oauth/account//callback",
        "//oauth//account/start",
        "/oauth/account/start/",
        "/api/v1//me",
        "/.well-known//jwks.json",
    ],
)
def test_check_17d_a_tidied_address_never_leads_to_the_host_header(gateway: SimulatedGateway, path: str):
    changes = {"HTTP_HOST": "evil.example", "PATH_INFO": path, "QUERY_STRING": "code=c&state=s"}
    answer = open_with_environ(gateway, "/", changes)
    assert "evil.example" not in answer.headers.get("Location", "")
    assert answer.status_code not in (301, 307, 308)


def test_check_18a_headers_spelled_with_underscores_change_nothing(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    spelled = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in EVIL.items()}
    answer = open_with_environ(gateway, "/oauth/account/start?next=/welcome", spelled)
    assert normal(answer, gateway) == normal(browser.start().answer, gateway)


def test_check_19_a_foreign_return_address_is_refused(gateway: SimulatedGateway, browser: VisitingBrowser):
    answer = browser.get("/oauth/account/start?next=https://evil.example")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_return_url")
    assert gateway.count(flows) == 0


@pytest.mark.parametrize("channel", ["account", "wechat"])
def test_check_20_no_trick_of_spelling_leads_elsewhere(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    gateway.services.rate_limits._enabled = False
    for bad in BAD_NEXT:
        for written in {quote(bad, safe=""), quote(bad, safe="/:@?=,%\\")}:
            answer = browser.get(f"/oauth/{channel}/start?next={written}")
            assert answer.status_code == 400, f"{bad!r} as {written}"
            assert answer.get_json()["error"] in ("bad_return_url", "bad_callback")
            assert "X-Injected" not in answer.headers
            assert "Location" not in answer.headers
    assert gateway.count(flows) == 0


@pytest.mark.parametrize("raw", [b"next=/\xff", b"next=%ff%fe", b"next=/\x00", b"next=%c0%af%c0%afevil"])
def test_check_20b_bytes_that_are_no_text_are_refused(gateway: SimulatedGateway, raw: bytes):
    environ = EnvironBuilder(path="/oauth/account/start", base_url=BASE_URL).get_environ()
    # The test client would write a raw byte anew, as the letter of that number.
    _, status, _ = run_wsgi_app(gateway.app, environ | {"QUERY_STRING": raw.decode("latin-1")})
    assert status.startswith("400 ")
    assert gateway.count(flows) == 0


@pytest.mark.parametrize("outside", OUTSIDE)
def test_check_21a_only_addresses_below_an_allowed_one_are_taken(
    gateway: SimulatedGateway, browser: VisitingBrowser, outside: str
):
    answer = browser.get(f"/oauth/account/start?next={quote(outside, safe='')}")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_return_url")
    assert gateway.count(flows) == 0


@pytest.mark.parametrize("inside", INSIDE)
def test_check_21b_an_allowed_address_is_reached_exactly(browser: VisitingBrowser, inside: str):
    answer = browser.log_in(query=f"next={quote(inside, safe='')}")
    assert answer.headers["Location"] == inside


@pytest.mark.parametrize("channel", ["feishu", "wechat", "account"])
def test_check_22a_an_encoded_ampersand_stays_inside_the_return_address(
    browser: VisitingBrowser, channel: str
):
    started = browser.start(channel, "next=/a%26state=zzz%26code=1")
    assert repeated_names(started.authorize_url) == []
    assert "zzz" not in started.authorize_url
    returned = browser.approve(started)
    assert browser.callback(returned).headers["Location"] == "/a&state=zzz&code=1"


@pytest.mark.parametrize("state", ["a%26code%3Dmine", "a%23fragment", "a%3Fnext%3D//evil.example"])
def test_check_22b_a_state_with_separators_is_rejected_and_not_repeated(
    gateway: SimulatedGateway, browser: VisitingBrowser, state: str
):
    browser.start()
    answer = browser.callback(f"/oauth/account/callback?code=c&state={state}")
    gateway.assert_rejected(answer, "invalid_state")
    assert "mine" not in answer.text
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["start?next=/{}", "callback?code=c&state={}", "start?x={}", "callback?error=x&error_description={}"],
)
def test_check_23_a_huge_query_is_refused_before_anything_is_stored(
    gateway: SimulatedGateway, browser: VisitingBrowser, path: str
):
    answer = browser.get(f"/oauth/account/{path.format('a' * 100_000)}")
    assert answer.status_code in (400, 414)
    assert gateway.count(flows) == 0
    assert gateway.calls() == []


def test_check_24_posts_are_never_redirected_with_their_body(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start())
    for path in ("/oauth/account/start", returned.path):
        answer = browser.post(path, data={"code": "c", "state": "s"})
        assert answer.status_code == 405
        assert "Location" not in answer.headers
    assert browser.callback(returned).status_code == 303
    assert browser.post_proven("/oauth/feishu/link", data={"next": "/"}).status_code == 303
    assert browser.log_out(data={"next": "/oauth/done"}).status_code == 303
    assert {answer.status_code for answer in browser.seen if "Location" in answer.headers} == {303}


@pytest.mark.parametrize("channel", ["feishu", "wechat", "account"])
def test_check_25a_after_a_login_the_address_bar_holds_nothing_secret(browser: VisitingBrowser, channel: str):
    started = browser.start(channel)
    returned = browser.approve(started)
    answer = browser.callback(returned)
    assert answer.status_code == 303, "the callback's address is replaced before any page is shown"
    assert answer.headers["Location"] == "/welcome"
    assert answer.get_data() == b""


def test_check_25b_a_popup_takes_the_callback_address_out_of_its_history(browser: VisitingBrowser):
    started = browser.start(query="mode=popup&next=/welcome")
    page = browser.callback(browser.approve(started))
    assert page.status_code == 200
    script = browser.get("/static/popup.js")
    assert 'src="/static/popup.js"' in page.text
    assert 'history.replaceState(null, "", location.pathname);' in script.text
    assert started.state not in page.text
    assert browser.session() not in page.text


def normal(answer: TestResponse, gateway: SimulatedGateway) -> tuple[int, str, list[str], dict[str, Any]]:
    """Return what is the same for every start: all but the values drawn anew each time."""
    address = urlsplit(answer.headers["Location"])
    pairs = [
        (name, "" if name in ("state", "code_challenge") else value)
        for name, value in _pairs(address.geturl())
    ]
    cookies = cookies_set(answer)
    assert set(cookies) == {LOGIN_COOKIE}
    attributes = {name: value for name, value in cookies[LOGIN_COOKIE][1].items() if name != "expires"}
    others = [f"{name}: {value}" for name, value in answer.headers if name not in ("Location", "Set-Cookie")]
    return answer.status_code, f"{address.netloc}{address.path}{pairs}", others, attributes


def _pairs(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query)
