"""Checks 47-50 and 60: the platform as an adversary while a login is being finished."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.login.browser import SESSION_COOKIE, cookies_set
from tests.login.simulated import TOKEN_ENDPOINTS, SimulatedGateway, VisitingBrowser

pytestmark = pytest.mark.backends("sqlite")

TOKEN_OF = {"feishu": "feishu.token", "wechat": "wechat.token", "account": "oauth2.token"}
PERSON_OF = {"feishu": "feishu.user_info", "wechat": "wechat.userinfo", "account": "oauth2.userinfo"}
CHANNELS = tuple(TOKEN_OF)
NOBODY = (0, 0, 0, 0)
MEGABYTE = 1_048_576
NEVER_READY = ("hang", "drip")
TOKENS: dict[str, Any] = {
    "access_token": "at",
    "token_type": "Bearer",
    "expires_in": 7200,
    "refresh_token": "rt",
}

REFUSALS: dict[str, list[tuple[bytes, str]]] = {
    "feishu": [
        (b'{"code":20003,"error":"invalid_grant"}', "application/json"),
        (b'{"code":20050,"msg":"busy"}', "application/json"),
        (b'{"error":"invalid_client"}', "application/json"),
        (b'{"code":99991400,"access_token":"at"}', "application/json"),
    ],
    "wechat": [
        (b'{"errcode":40029,"errmsg":"invalid code"}', "text/plain"),
        (b'{"errcode":-1,"errmsg":"system error"}', "text/plain"),
        (b'{"errcode":40163,"access_token":"at","openid":"o1"}', "text/plain"),
        (b'callback({"errcode":40029})', "text/javascript"),
    ],
    "account": [
        (b'{"error":"invalid_grant"}', "application/json"),
        (b'{"error":"bad_verification_code","access_token":"at"}', "application/json"),
        (b'{"errcode":1,"access_token":"at"}', "application/json"),
        (b'{"code":"40001","access_token":"at"}', "application/json"),
        (b'{"error_response":{"code":"20000"},"access_token":"at"}', "application/json"),
        (b'{"success":false,"access_token":"at"}', "application/json"),
        (b"error=invalid_grant&error_description=no", "application/x-www-form-urlencoded"),
        (b"access_token=at&error=invalid_grant", "application/x-www-form-urlencoded"),
        (b'callback({"error":100016});', "application/javascript"),
        (b'callback({"access_token":"at"});', "application/javascript"),
        (b"access_token=at", "text/html"),
    ],
}  # fmt: skip
UNREADABLE: dict[str, tuple[bytes, str]] = {
    "HTML": (b"<html>maintenance</html>", "text/html"),
    "nothing": (b"", "application/json"),
    "cut short": (b'{"access_token":"at","expires_in":72', "application/json"),
    "a list": (b'[{"access_token":"at"}]', "application/json"),
    "a number": (b"7200", "application/json"),
    "null": (b"null", "application/json"),
    "wrong charset": ('{"access_token":"ät"}'.encode("utf-16"), "application/json; charset=utf-8"),
    "not UTF-8": (b'{"access_token":"\xff\xfe","openid":"\xff"}', "application/json"),
    "a key twice": (b'{"access_token":"at","access_token":"bt","openid":"o","code":0}', "application/json"),
    "no token": (b'{"code":0,"expires_in":7200,"openid":"o1"}', "application/json"),
    "token is a list": (b'{"code":0,"access_token":["at"],"openid":"o1"}', "application/json"),
    "token has a line break": (b'{"code":0,"access_token":"a\\r\\nX: y","openid":"o1"}', "application/json"),
    "deep": (b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "application/json"),
    "NaN": (b'{"access_token":NaN,"openid":"o1"}', "application/json"),
}


def assert_failed(
    gateway: SimulatedGateway, browser: VisitingBrowser, answer: TestResponse, *statuses: int
) -> None:
    """The login failed in an orderly way: a stable word, nothing stored, no session, one token request."""
    assert answer.status_code in statuses, answer.text
    body = answer.get_json()
    assert body["error"] not in ("", "internal")
    assert set(body) == {"error", "message", "trace_id"}
    assert SESSION_COOKIE not in cookies_set(answer)
    assert gateway.stored_people() == NOBODY
    assert len(gateway.token_calls()) == 1
    assert gateway.last_audit().outcome == body["error"]


def try_login(browser: VisitingBrowser, channel: str) -> TestResponse:
    return browser.callback(browser.approve(browser.start(channel)))


@pytest.mark.parametrize("channel", CHANNELS)
def test_check_47a_an_error_inside_a_good_status_is_an_error(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    for body, kind in REFUSALS[channel]:
        gateway.forget_calls()
        gateway.sandbox.state.faults.add(TOKEN_OF[channel], "raw", 1, body=body, content_type=kind)
        answer = try_login(browser, channel)
        assert_failed(gateway, browser, answer, 400, 401, 502)
    assert browser.log_in(channel).status_code == 303


@pytest.mark.parametrize("channel", CHANNELS)
def test_check_47b_an_error_inside_the_profile_is_an_error(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    person = b'"open_id":"ou_1","openid":"o1","id":7,"data":{"open_id":"ou_1"}'
    for error in (b'"code":99991679', b'"errcode":48001', b'"error":"insufficient_scope"'):
        if (channel == "wechat" and b"errcode" not in error) or (
            channel == "feishu" and b'"code"' not in error
        ):
            continue
        gateway.forget_calls()
        body = b"{" + error + b"," + person + b"}"
        gateway.sandbox.state.faults.add(PERSON_OF[channel], "raw", 1, body=body)
        assert_failed(gateway, browser, try_login(browser, channel), 400, 401, 502)


TOLERATED = {("wechat", "not UTF-8"), ("wechat", "token has a line break")}
"""WeChat's nicknames break its UTF-8, and its tokens travel encoded in a query: read, then refused by the platform."""


@pytest.mark.parametrize("channel", CHANNELS)
def test_check_48a_an_unreadable_token_answer_is_a_502(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    for name, (body, kind) in UNREADABLE.items():
        gateway.forget_calls()
        gateway.sandbox.state.faults.add(TOKEN_OF[channel], "raw", 1, body=body, content_type=kind)
        assert_failed(
            gateway, browser, try_login(browser, channel), 401 if (channel, name) in TOLERATED else 502
        )


@pytest.mark.parametrize("channel", CHANNELS)
def test_check_48b_an_unreadable_profile_is_a_502(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    for name, (body, kind) in UNREADABLE.items():
        if "token" in name or (channel, name) in TOLERATED:
            continue
        gateway.forget_calls()
        gateway.sandbox.state.faults.add(PERSON_OF[channel], "raw", 1, body=body, content_type=kind)
        assert_failed(gateway, browser, try_login(browser, channel), 502)


@pytest.mark.parametrize(("kind", "size"), [("big", 40 * MEGABYTE), ("gzip_bomb", 100 * MEGABYTE)])
@pytest.mark.parametrize("endpoint", ["oauth2.token", "oauth2.userinfo"])
def test_check_48c_a_huge_answer_is_given_up_within_bounded_memory(
    gateway: SimulatedGateway, browser: VisitingBrowser, endpoint: str, kind: str, size: int
):
    returned = browser.approve(browser.start())
    gateway.sandbox.state.faults.add(endpoint, kind, 1, bytes=size)
    tracemalloc.start()
    answer = browser.callback(returned)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert_failed(gateway, browser, answer, 502)
    assert peak < 16 * MEGABYTE, "the simulator's own blocks are in this number too"


def test_check_48d_a_broken_gzip_answer_is_a_502(gateway: SimulatedGateway, browser: VisitingBrowser):
    squeezed = gzip.compress(json.dumps(TOKENS).encode())
    for body in (squeezed[:-20], b"not gzip at all", squeezed[:20], b"\x1f\x8b"):
        gateway.forget_calls()
        headers = {"Content-Encoding": "gzip"}
        gateway.sandbox.state.faults.add("oauth2.token", "raw", 1, body=body, headers=headers)
        assert_failed(gateway, browser, try_login(browser, "account"), 502)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("hang", {"seconds": 20}),
        ("drip", {"seconds": 0.1}),
        ("reset", {}),
        ("lost_answer", {}),
        ("status", {"status": 429, "headers": {"Retry-After": "17"}}),
        ("status", {"status": 503}),
        ("status", {"status": 500, "body": "<html>oops</html>"}),
    ],
)
def test_check_49a_a_code_exchange_that_fails_is_over_in_time_and_never_repeated(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str, kind: str, options: dict[str, Any]
):
    if kind in NEVER_READY:
        gateway.be_impatient(channel)
    returned = browser.approve(browser.start(channel))
    gateway.sandbox.state.faults.add(TOKEN_OF[channel], kind, 1, **options)
    began = time.monotonic()
    answer = browser.callback(returned)
    assert time.monotonic() - began < 10
    assert_failed(gateway, browser, answer, 502, 504)
    if options.get("status") == 429:
        assert answer.headers["Retry-After"] == "17"
    # The same return again is told the same, and the platform is not asked again.
    repeated = browser.callback(returned)
    assert (repeated.status_code, repeated.get_json()["error"]) == (
        answer.status_code,
        answer.get_json()["error"],
    )
    assert len(gateway.token_calls()) == 1
    gateway.use_http(channel, gateway.twin().channel(channel).http)
    assert browser.log_in(channel).status_code == 303


@pytest.mark.parametrize(
    ("kind", "options"), [("hang", {"seconds": 20}), ("reset", {}), ("status", {"status": 503})]
)
def test_check_49b_a_profile_that_does_not_come_ends_the_login_without_a_trace(
    gateway: SimulatedGateway, browser: VisitingBrowser, kind: str, options: dict[str, Any]
):
    if kind in NEVER_READY:
        gateway.be_impatient("account", at="/userinfo")
    gateway.sandbox.state.faults.add("oauth2.userinfo", kind, 1, **options)
    assert_failed(gateway, browser, try_login(browser, "account"), 502, 504)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("step", ["token", "profile"])
def test_check_50a_no_redirect_of_the_platform_is_followed(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str, step: str
):
    endpoint = (TOKEN_OF if step == "token" else PERSON_OF)[channel]
    inside = f"{gateway.second.url}/oauth2/api/oauth2/token"
    own = f"{gateway.sandbox.url}/oauth2/api/oauth2/revoke"
    targets = [
        inside,
        own,
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "//127.0.0.1:9/",
        "",
    ]
    for number, target in enumerate(targets):
        gateway.forget_calls()
        status = (301, 302, 303, 307, 308)[number % 5]
        gateway.sandbox.state.faults.add(endpoint, "redirect", 1, location=target, status=status)
        assert_failed(gateway, browser, try_login(browser, channel), 502)
        assert gateway.second.state.calls() == []
        assert gateway.calls("oauth2.revoke") == []


@pytest.mark.parametrize(
    ("action", "endpoint"), [("/api/v1/me?fresh=1", "oauth2.userinfo"), ("/api/v1/me/topup", "oauth2.topup")]
)
def test_check_50b_no_redirect_is_followed_with_a_stored_token_either(
    gateway: SimulatedGateway, browser: VisitingBrowser, action: str, endpoint: str
):
    browser.log_in()
    target = f"{gateway.second.url}/oauth2/api/oauth2/userinfo"
    gateway.sandbox.state.faults.add(endpoint, "redirect", 1, location=target, status=307)
    answer = browser.post_proven(action) if action.endswith("topup") else browser.get(action)
    assert answer.status_code == 502
    assert "Location" not in answer.headers
    assert target not in answer.text
    assert gateway.second.state.calls() == []


@pytest.mark.parametrize("endpoint", ["oauth2.token", "oauth2.revoke"])
def test_check_50c_no_redirect_of_a_refresh_or_a_revocation_is_followed(
    gateway: SimulatedGateway, browser: VisitingBrowser, endpoint: str
):
    browser.log_in("feishu")
    browser.link("account")
    going = next(each["id"] for each in browser.me()["identities"] if each["channel"] == "account")
    target = f"{gateway.second.url}/oauth2/api/oauth2/token"
    gateway.sandbox.state.faults.add(endpoint, "redirect", location=target, status=307)
    gateway.advance(7000)
    browser.log_in("feishu")
    assert browser.get(f"/api/v1/me/identities/{going}?fresh=1").status_code in (200, 502)
    assert browser.post_proven(f"/api/v1/me/identities/{going}/unlink").status_code == 204
    assert gateway.sandbox.state.calls(endpoint)
    assert gateway.second.state.calls() == []


@pytest.mark.parametrize("endpoint", ["oauth2.token", "oauth2.userinfo"])
def test_check_50d_what_comes_with_a_redirect_is_no_answer(
    gateway: SimulatedGateway, browser: VisitingBrowser, endpoint: str
):
    headers = {"Location": "https://elsewhere.example/"}
    gateway.sandbox.state.faults.add(endpoint, "merge", 1, status=302, headers=headers)
    assert_failed(gateway, browser, try_login(browser, "account"), 502)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_check_60_a_snapshot_visitor_of_wechat_is_nobody(
    gateway: SimulatedGateway, browser: VisitingBrowser, accept: str
):
    gateway.sandbox.state.switches["snapshot"] = True
    returned = browser.approve(browser.start("wechat"))
    answer = browser.callback(returned, headers={"Accept": accept, "Accept-Language": "en"})
    assert answer.status_code == 400
    assert "snapshot_user" in answer.text
    assert "full page" in answer.text
    assert gateway.stored_people() == NOBODY
    assert SESSION_COOKIE not in cookies_set(answer)
    gateway.sandbox.state.switches["snapshot"] = False
    assert browser.log_in("wechat").status_code == 303


def test_check_60b_a_profile_marked_as_a_snapshot_is_nobody_either(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    gateway.sandbox.state.faults.add("wechat.userinfo", "merge", 1, replace={"is_snapshotuser": 1})
    assert_failed(gateway, browser, try_login(browser, "wechat"), 400)
    assert TOKEN_OF["wechat"] in TOKEN_ENDPOINTS
