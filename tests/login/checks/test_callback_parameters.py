"""Checks 26-37: what a callback may say, and what is made of it."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import quote, urlencode

import pytest

from tests.login.browser import BASE_URL, Started
from tests.login.simulated import SimulatedGateway, VisitingBrowser

pytestmark = pytest.mark.backends("sqlite")

PKCE_CHANNELS = ("feishu", "account")
# The number and seven times it are too long for any id of ours to hold them by chance.
PAYLOADS = [
    "<script>alert(7331733173317331)</script>",
    '"><img src=x onerror=alert(7331733173317331)>',
    "{{7331733173317331*7}}${7331733173317331*7}<%= 7331733173317331*7 %>",
    "javascript:alert(7331733173317331)",
    "\u202egnirts\u2066alert(7331733173317331)",
    "alert(7331733173317331)\x07\x1b[31m\r\nX-Injected: 1",
]
FROM_OUTSIDE = re.compile(r"7331733173317331|51322132213221317|onerror|gnirts|\u202e|\u2066|\x07|\x1b")
ISSUER = "https://idp.example"


def still_works(browser: VisitingBrowser, started: Started) -> bool:
    """Say whether a pending login can still be finished."""
    return browser.callback(browser.approve(started)).status_code == 303


@pytest.mark.parametrize("channel", PKCE_CHANNELS)
def test_check_26_a_refusal_by_the_person_ends_the_login_and_spends_its_state(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    started = browser.start(channel)
    gateway.sandbox.state.auto_decision = "deny"
    refused = browser.approve(started)
    assert refused.query["error"] == "access_denied"
    gateway.assert_rejected(browser.callback(refused), "access_denied")
    gateway.sandbox.state.auto_decision = "allow"
    gateway.assert_rejected(browser.callback(browser.approve(started)), "invalid_state")
    assert not browser.is_signed_in()


def test_check_26b_a_person_reads_the_refusal_on_a_page(gateway: SimulatedGateway, browser: VisitingBrowser):
    gateway.sandbox.state.auto_decision = "deny"
    page = browser.callback(browser.approve(browser.start()), headers={"Accept": "text/html"})
    assert page.status_code == 400
    assert page.mimetype == "text/html"
    assert "access_denied" in page.text
    assert 'href="/oauth/account/start?next=/welcome"' in page.text


@pytest.mark.parametrize("state", ["", "&state=" + "0" * 48, "&state=of-someone-else"])
def test_check_27a_an_error_without_our_state_is_a_bad_state_and_disturbs_nobody(
    gateway: SimulatedGateway, browser: VisitingBrowser, state: str
):
    pending = browser.start()
    answer = browser.callback(f"/oauth/account/callback?error=access_denied{state}")
    gateway.assert_rejected(answer, "invalid_state")
    assert still_works(browser, pending)


def test_check_27b_another_browser_cannot_refuse_in_the_victims_name(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    pending = browser.start()
    stranger = gateway.browser()
    stranger.start()
    answer = stranger.callback(f"/oauth/account/callback?error=access_denied&state={pending.state}")
    gateway.assert_rejected(answer, "invalid_state")
    assert still_works(browser, pending)


@pytest.mark.parametrize("channel", ["feishu", "wechat", "account"])
def test_check_28_a_code_beside_an_error_is_never_redeemed(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    returned = browser.approve(browser.start(channel))
    answer = browser.callback(returned.with_changes(error="access_denied"))
    gateway.assert_rejected(answer, "bad_callback")
    assert not browser.is_signed_in()


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("payload", PAYLOADS)
def test_check_29a_nothing_a_callback_says_is_shown(browser: VisitingBrowser, accept: str, payload: str):
    texts = {"error_description": payload, "error_uri": payload}
    queries = [
        {"error": "server_error", "state": browser.start().state, **texts},
        {"error": payload, "state": browser.start().state},
        {"error": "x", "state": payload},
        {"code": payload, "state": payload},
        {"code": "c", "state": browser.start().state, "iss": payload},
        {payload: payload, "state": browser.start().state},
    ]
    for query in queries:
        answer = browser.callback(
            f"/oauth/account/callback?{urlencode(query)}", headers={"Accept": accept, "Accept-Language": "en"}
        )
        assert answer.status_code == 400
        assert not FROM_OUTSIDE.search(answer.text)
        assert "X-Injected" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy


def test_check_29b_an_error_uri_never_becomes_a_link(browser: VisitingBrowser):
    query = {"error": "x", "error_uri": "https://evil.example/help", "state": browser.start().state}
    page = browser.callback(f"/oauth/account/callback?{urlencode(query)}", headers={"Accept": "text/html"})
    assert "evil.example" not in page.text
    assert "evil.example" not in str(page.headers)


@pytest.mark.parametrize(
    "more",
    [
        "&code=b",
        "&code={code}",
        "&state={state}",
        "&state=b",
        "&iss=a&iss=b",
        "&error=a&error=b",
        "&%63ode=b",
    ],
)
def test_check_30_a_repeated_parameter_is_refused_before_the_state_is_looked_at(
    gateway: SimulatedGateway, browser: VisitingBrowser, more: str
):
    started = browser.start()
    returned = browser.approve(started)
    answer = browser.callback(returned.path + more.format(code=returned.code, state=returned.state))
    gateway.assert_rejected(answer, "bad_callback")
    assert still_works(browser, started)


@pytest.mark.parametrize(
    "name",
    ["Code", "CODE", "code[]", "code[0]", "code.x", "STATE", "state[]", "Iss", "Error", "code ", "%20code"],
)
def test_check_31a_a_parameter_in_odd_spelling_is_refused(
    gateway: SimulatedGateway, browser: VisitingBrowser, name: str
):
    started = browser.start()
    returned = browser.approve(started)
    answer = browser.callback(f"{returned.path}&{quote(name, safe='%')}=x")
    gateway.assert_rejected(answer, "bad_callback")
    assert still_works(browser, started)


def test_check_31b_only_the_query_of_a_get_is_read(gateway: SimulatedGateway, browser: VisitingBrowser):
    started = browser.start()
    returned = browser.approve(started)
    address = f"/oauth/account/callback?state={started.state}"
    posted = browser.post(returned.path, data={"code": "other"})
    assert (posted.status_code, posted.get_json()["error"]) == (405, "method_not_allowed")
    for path, body in ((address, {"code": returned.code}), (returned.path, {"code": "other"})):
        answer = browser.get(path, data=body)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_callback")
    with_header = browser.get(f"{address}&error=x", headers={"X-HTTP-Method-Override": "POST"})
    assert with_header.status_code == 400
    assert gateway.token_calls() == []


@pytest.mark.parametrize("empty", ["error=", "error=&error_description=", "iss="])
def test_check_32b_an_empty_parameter_beside_a_code_is_as_if_it_were_not_there(
    browser: VisitingBrowser, empty: str
):
    returned = browser.approve(browser.start())
    assert browser.callback(f"{returned.path}&{empty}").status_code == 303
    assert browser.is_signed_in()


def test_check_32c_an_empty_code_is_no_code(gateway: SimulatedGateway, browser: VisitingBrowser):
    answer = browser.callback(f"/oauth/account/callback?state={browser.start().state}&code=")
    gateway.assert_rejected(answer, "access_denied")
    answer = browser.callback("/oauth/account/callback?state=&code=x")
    gateway.assert_rejected(answer, "invalid_state")


def test_check_32d_an_empty_parameter_repeated_is_still_repeated(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    returned = browser.approve(browser.start())
    gateway.assert_rejected(browser.callback(f"{returned.path}&code="), "bad_callback")


@pytest.mark.parametrize(
    "code",
    [
        "%00",
        "a%00b",
        "a%0d%0aX-Injected:%201",
        "%ff%fe",
        "%c3%28",
        "%ed%a0%80",
        "a" * 5000,
        "a" * 100_000,
        "%e2%80%ae",
        "%7f",
    ],
)
def test_check_32_a_code_that_is_no_plain_text_is_refused_without_asking_anybody(
    gateway: SimulatedGateway, browser: VisitingBrowser, code: str
):
    started = browser.start()
    answer = browser.callback(f"/oauth/account/callback?state={started.state}&code={code}")
    status, word = (414, "uri_too_long") if len(code) > 8000 else (400, "bad_callback")
    gateway.assert_rejected(answer, word, status=status)
    assert "X-Injected" not in answer.headers
    assert gateway.calls("oauth2.userinfo") == []
    assert still_works(browser, started)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "OPTIONS", "POST", "DELETE", "PATCH", "TRACE", "QUERY"])
def test_check_33a_other_methods_spend_nothing(
    gateway: SimulatedGateway, browser: VisitingBrowser, method: str
):
    started = browser.start()
    returned = browser.approve(started)
    answer = browser.open(returned.path, method=method)
    assert answer.status_code == 405
    assert gateway.token_calls() == []
    assert browser.callback(returned).status_code == 303


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Sec-Purpose", "prefetch;anonymous-client-ip"),
        ("Purpose", "prefetch"),
        ("X-Purpose", "preview"),
        ("X-Moz", "prefetch"),
    ],
)
def test_check_33b_a_link_preview_spends_nothing(
    gateway: SimulatedGateway, browser: VisitingBrowser, name: str, value: str
):
    returned = browser.approve(browser.start())
    answer = browser.callback(returned, headers={name: value})
    assert 400 <= answer.status_code < 500
    assert gateway.token_calls() == []
    assert browser.callback(returned).status_code == 303


@pytest.mark.parametrize(
    "sent",
    [None, "https://other.example", f"{ISSUER}/", ISSUER.upper(), f"{ISSUER}.evil.example", "idp.example"],
)
def test_check_34a_a_promised_issuer_must_come_and_be_exact(
    gateway: SimulatedGateway, browser: VisitingBrowser, sent: str | None
):
    gateway.connector("account").issuer_parameter = ISSUER
    returned = browser.approve(browser.start())
    path = returned.path if sent is None else returned.with_changes(iss=sent)
    gateway.assert_rejected(browser.callback(path), "wrong_issuer")
    right = browser.approve(browser.start())
    assert browser.callback(right.with_changes(iss=ISSUER)).status_code == 303


@pytest.mark.parametrize("channel", ["feishu", "wechat", "account"])
@pytest.mark.parametrize("sent", ["https://evil.example", "evil", BASE_URL])
def test_check_34b_an_unpromised_issuer_of_another_server_is_rejected(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str, sent: str
):
    returned = browser.approve(browser.start(channel))
    gateway.assert_rejected(browser.callback(returned.with_changes(iss=sent)), "wrong_issuer")


def test_check_34c_an_issuer_never_rescues_a_bad_state(gateway: SimulatedGateway, browser: VisitingBrowser):
    gateway.connector("account").issuer_parameter = ISSUER
    answer = browser.callback(f"/oauth/account/callback?code=c&state={'0' * 48}&iss={ISSUER}")
    gateway.assert_rejected(answer, "invalid_state")


def test_check_35a_a_code_is_read_under_the_names_its_channel_declares(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    gateway.connector("account").code_parameters = ("code", "authCode")
    for names in (["authCode"], ["code"], ["code", "authCode"]):
        returned = browser.approve(browser.start())
        query = {"state": returned.state, **dict.fromkeys(names, returned.code)}
        assert browser.callback(f"{returned.address}?{urlencode(query)}").status_code == 303


def test_check_35b_a_code_under_another_channels_name_is_not_read(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    gateway.connector("account").code_parameters = ("auth_code",)
    returned = browser.approve(browser.start())
    gateway.assert_rejected(browser.callback(returned), "access_denied")


def test_check_35c_two_codes_that_differ_are_rejected(gateway: SimulatedGateway, browser: VisitingBrowser):
    gateway.connector("account").code_parameters = ("code", "authCode")
    started = browser.start()
    returned = browser.approve(started)
    gateway.assert_rejected(browser.callback(returned.with_changes(authCode="other")), "bad_callback")
    assert still_works(browser, started)


@pytest.mark.parametrize("channel", PKCE_CHANNELS)
def test_check_36a_a_stolen_code_cannot_be_redeemed_through_ones_own_callback(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    victim = gateway.browser()
    stolen = victim.approve(victim.start(channel), "linxiao")
    own = browser.approve(browser.start(channel), "maya")
    answer = browser.callback(own.with_changes(code=stolen.code))
    assert 400 <= answer.status_code < 500
    assert not browser.is_signed_in()
    assert gateway.stored_people() == (0, 0, 0, 0)


def test_check_36b_without_pkce_a_foreign_code_still_needs_a_state_of_this_browser(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    attacker = gateway.browser()
    planted = attacker.approve(attacker.start("wechat"), "maya")
    browser.start("wechat")
    gateway.assert_rejected(browser.callback(planted), "invalid_state")
    assert "connect_redirect=1" in browser.start("wechat").authorize_url


@pytest.mark.parametrize("channel", PKCE_CHANNELS)
def test_check_37_every_start_has_a_challenge_of_its_own_and_the_verifier_shows_only_at_the_end(
    gateway: SimulatedGateway, browser: VisitingBrowser, channel: str
):
    verifiers = set()
    for _ in range(2):
        started = browser.start(channel)
        assert started.query["code_challenge_method"] == "S256"
        browser.callback(browser.approve(started))
        verifier = gateway.token_calls()[-1].form["code_verifier"]
        assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier)
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        assert digest == started.query["code_challenge"]
        assert verifier not in started.authorize_url + started.answer.text + str(started.answer.headers)
        verifiers.add(verifier)
    assert len(verifiers) == 2
    others = [call for call in gateway.calls() if call.endpoint not in ("feishu.token", "oauth2.token")]
    assert not any(verifier in str(call.as_dict()) for call in others for verifier in verifiers)
    assert "plain" not in str([call.query for call in gateway.calls()])
