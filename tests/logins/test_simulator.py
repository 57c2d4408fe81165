"""A fictional person logs in with every described login, through the whole gateway and the simulator's own reading of the files."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from werkzeug.test import TestResponse

from app.config.channels import parse_channels
from app.core.errors import ConfigurationError
from app.core.ports import DirectLogin, LoginProvider
from app.pipeline.channels import open_channels, unsafe_about
from app.platforms import discover
from app.storage.login.connections import connections
from sandbox.people import find_person
from sandbox.platforms.oauth2.described_answers import subject_of
from tests.login.browser import BASE_URL, Browser
from tests.login.gateway import Gateway
from tests.logins.conftest import BY_PAGE, DIRECT, SLUGS
from tests.sandbox.server import SandboxServer

HIDDEN = re.compile(r'name="([^"]+)" value="([^"]*)"')


def go_through(
    sandbox: SandboxServer, browser: Browser, slug: str, *, decision: str = "allow", **options: Any
) -> TestResponse:
    """Log in on the simulated page, and come back as that platform sends the browser back."""
    sandbox.state.auto_person, sandbox.state.auto_decision = "linxiao", decision
    page = requests.get(browser.start(slug).authorize_url, allow_redirects=False, timeout=20)
    if page.status_code == 200:
        fields = dict(HIDDEN.findall(page.text))
        posted = browser.post(f"/oauth/{slug}/callback", data=fields)
        assert posted.status_code == 303, posted.text
        back = urlsplit(posted.headers["Location"])
    else:
        assert page.status_code == 302, page.text
        back = urlsplit(page.headers["Location"])
    assert f"{back.scheme}://{back.netloc}" == BASE_URL
    return browser.callback(f"{back.path}?{back.query}", **options)


def person_of(browser: Browser) -> dict[str, Any]:
    found: dict[str, Any] = browser.me()["identities"][0]
    return found


def test_every_described_login_has_a_channel(gateway: Gateway):
    channels = {channel.name: channel for channel in gateway.services.channels}
    assert set(channels) == set(SLUGS)
    assert [slug for slug in SLUGS if channels[slug].as_capability(DirectLogin) is not None] == DIRECT
    assert [slug for slug in SLUGS if channels[slug].as_capability(LoginProvider) is not None] == BY_PAGE


def test_people_read_the_providers_name_and_operators_what_is_unconfirmed(gateway: Gateway):
    assert (gateway.channel("google").title, gateway.channel("qq-mini").title) == (
        "Google",
        "QQ Mini Program",
    )
    assert gateway.connector("meituan").advice
    assert gateway.connector("google").advice is None


@pytest.mark.parametrize("slug", BY_PAGE)
def test_a_person_logs_in(gateway: Gateway, sandbox: SandboxServer, slug: str):
    browser = gateway.browser()
    answer = go_through(sandbox, browser, slug)
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"].endswith("/welcome")
    person = find_person("linxiao")
    assert person is not None
    identity = person_of(browser)
    assert identity["channel"] == slug
    assert identity["subject"].strip("{}") in (subject_of(slug, person), str(person.number))
    assert browser.fresh().status_code == 200


@pytest.mark.parametrize("slug", DIRECT)
def test_a_program_logs_its_person_in(gateway: Gateway, sandbox: SandboxServer, slug: str):
    code = requests.get(f"{sandbox.url}/oauth2/presets/{slug}/code?person=maya", timeout=5).json()["code"]
    answer = gateway.browser().post(f"/api/v1/mini-program/{slug}/login", json={"code": code})
    assert answer.status_code == 200, answer.text
    again = gateway.browser().post(f"/api/v1/mini-program/{slug}/login", json={"code": code})
    assert (again.status_code, again.get_json()["error"]) == (401, "login_required")


@pytest.mark.parametrize(
    "slug", ["apple", "google", "qq", "weibo", "xiaomi", "wecom", "linkedin", "keycloak"]
)
def test_a_person_who_refuses_is_told_so(gateway: Gateway, sandbox: SandboxServer, slug: str):
    answer = go_through(sandbox, gateway.browser(), slug, decision="deny")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "access_denied")


@pytest.mark.parametrize(
    ("slug", "switch", "status", "word", "sentence"),
    [
        ("qq", "refuses_redirect_uri", 502, "platform_configuration", "网站回调域"),
        ("huawei", "refuses_code_used", 401, "login_required", "start the login again"),
        ("entra", "refuses_client_secret", 502, "platform_configuration", "App registrations"),
        ("slack", "refuses_code_used", 401, "login_required", "start the login again"),
        ("dingtalk", "refuses_scope", 502, "platform_configuration", "权限管理"),
        (
            "google",
            "refuses_redirect_uri",
            502,
            "platform_configuration",
            "https://gate.example/oauth/google/callback",
        ),
        ("wecom", "refuses_not_a_member", 502, "platform_configuration", "members"),
        ("taobao", "refuses_redirect_uri", 502, "platform_configuration", "open.taobao.com"),
        ("facebook", "refuses_client_secret", 502, "platform_configuration", "developers.facebook.com"),
    ],
)
def test_a_refusal_names_the_console_page(
    gateway: Gateway, sandbox: SandboxServer, slug: str, switch: str, status: int, word: str, sentence: str
):
    sandbox.state.switches[switch] = True
    answer = go_through(sandbox, gateway.browser(), slug)
    assert (answer.status_code, answer.get_json()["error"]) == (status, word)
    assert sentence in answer.get_json()["message"]


@pytest.mark.parametrize("slug", ["qq", "douyin", "x", "bilibili", "keycloak", "notion"])
def test_tokens_are_refreshed_when_they_are_due(gateway: Gateway, sandbox: SandboxServer, slug: str):
    browser = gateway.browser()
    assert go_through(sandbox, browser, slug).status_code == 303
    before = len(sandbox.state.access_tokens)
    for issued in sandbox.state.access_tokens.values():
        issued.expires_at = 0
    answer = browser.fresh()
    assert answer.status_code == 200, answer.text
    assert len(sandbox.state.access_tokens) == before + (slug != "notion")


def test_twitch_is_asked_every_hour_whether_the_token_is_good(gateway: Gateway, sandbox: SandboxServer):
    browser = gateway.browser()
    assert go_through(sandbox, browser, "twitch").status_code == 303

    def asked() -> int:
        calls = [call for call in sandbox.state.calls() if call.path.endswith("/twitch/oauth2/validate")]
        assert all(call.headers["Authorization"].startswith("OAuth ") for call in calls)
        return len(calls)

    assert (browser.fresh().status_code, browser.fresh().status_code, asked()) == (200, 200, 1)
    # As an hour later, when the session would have to be kept alive too.
    gateway.services.database.run(lambda tx: tx.execute(connections.update().values(validate_after=None)))
    for issued in [*sandbox.state.access_tokens.values()]:
        sandbox.state.revoke_grant(issued.grant.id)
    gone = browser.fresh()
    assert (gone.status_code, gone.get_json()["error"], asked()) == (401, "login_required", 2)


def test_one_return_cannot_be_used_twice(gateway: Gateway, sandbox: SandboxServer):
    sandbox.state.auto_person = "linxiao"
    browser, other = gateway.browser(), gateway.browser()
    started = browser.start("google")
    back = urlsplit(
        requests.get(started.authorize_url, allow_redirects=False, timeout=20).headers["Location"]
    )
    assert other.callback(f"{back.path}?{back.query}").status_code == 400
    assert browser.callback(f"{back.path}?{back.query}").status_code == 303


def test_a_channel_that_leads_to_the_simulator_is_not_fit_for_production(gateway: Gateway):
    said = " ".join(unsafe_about(gateway.channel("google")))
    assert "base: leads to this machine" in said


def test_a_wrong_preset_stops_the_start_with_what_is_meant():
    table = '[channels.x]\nplatform = "oauth2"\npreset = "gogle"\nclient_id = "c"\nclient_secret = "client-secret-01"\n'
    with pytest.raises(ConfigurationError) as caught:
        open_channels(parse_channels(table, {}).channels, discover())
    assert "[channels.x] preset: 'gogle' is unknown; do you mean google" in str(caught.value)
