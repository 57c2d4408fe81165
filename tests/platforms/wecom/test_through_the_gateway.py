"""A whole login with WeCom through the gateway and the simulator: the right page, the app token lent, kept and renewed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from app.storage.database.db import Database
from tests.builders import FrozenClock, make_services
from tests.login.browser import Browser, Started
from tests.login.gateway import Gateway
from tests.login.simulated import ENVIRONMENT
from tests.sandbox.server import SandboxServer

IN_APP = {"User-Agent": "Mozilla/5.0 (iPhone) wxwork/4.1.0 MicroMessenger/7.0.1"}


@pytest.fixture
def gateway(database: Database, clock: FrozenClock, sandbox: SandboxServer) -> Iterator[Gateway]:
    own, base = sandbox.settings, f"{sandbox.url}/wecom"
    channels = f"""
[channels.wecom]
platform = "wecom"
corp_id = "{own["WECOM_CORP_ID"]}"
agent_id = "{own["WECOM_AGENT_ID"]}"
secret = "{own["WECOM_SECRET"]}"
token = "{own["WECOM_TOKEN"]}"
encoding_aes_key = "{own["WECOM_ENCODING_AES_KEY"]}"
api_base = "{base}"
open_base = "{base}"
login_base = "{base}"
"""
    sandbox.state.auto_person = "maya"
    made = Gateway(make_services(database, clock=clock, channels=channels, env=ENVIRONMENT), clock)
    yield made
    made.close()


def came_back(started: Started) -> str:
    """Return the address that the platform's page sends the browser back to."""
    page = requests.get(started.authorize_url.partition("#")[0], allow_redirects=False, timeout=20)
    back = urlsplit(page.headers["Location"])
    return f"{back.path}?{back.query}"


def logged_in(gateway: Gateway, **options: Any) -> Browser:
    browser = gateway.browser()
    answer = browser.callback(came_back(browser.start("wecom", **options)), **options)
    assert answer.status_code == 303, answer.text
    return browser


def test_both_pages_end_as_the_same_person(gateway: Gateway) -> None:
    on_desktop = logged_in(gateway)
    in_app = logged_in(gateway, headers=IN_APP)
    assert on_desktop.me()["user_id"] == in_app.me()["user_id"]


def test_the_app_gets_the_silent_page_and_a_desktop_the_qr_code(gateway: Gateway) -> None:
    browser = gateway.browser()
    assert "/connect/oauth2/authorize?" in browser.start("wecom", headers=IN_APP).authorize_url
    assert "/wwlogin/sso/login?" in browser.start("wecom").authorize_url


def test_an_outsider_is_told_so_and_nothing_of_them_is_kept(gateway: Gateway, sandbox: SandboxServer) -> None:
    sandbox.state.switches["outsider"] = True
    browser = gateway.browser()
    answer = browser.callback(came_back(browser.start("wecom")))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "not_a_member")
    assert gateway.stored_people() == (0, 0, 0, 0)


def test_a_refusal_at_the_qr_code_is_a_cancelled_login(gateway: Gateway, sandbox: SandboxServer) -> None:
    sandbox.state.auto_decision = "deny"
    browser = gateway.browser()
    answer = browser.callback(came_back(browser.start("wecom")))
    assert answer.get_json()["error"] == "access_denied"


def test_a_token_that_ended_early_is_renewed_and_the_code_is_not_lost(
    gateway: Gateway, sandbox: SandboxServer
) -> None:
    logged_in(gateway)
    for token in sandbox.state.app_tokens["wecom"]:
        token.revoked = True
    assert logged_in(gateway).is_signed_in()
    assert len(sandbox.state.calls("wecom.app_token")) == 2


def test_the_profile_can_be_read_again_later(gateway: Gateway) -> None:
    answer = logged_in(gateway).fresh()
    assert answer.status_code == 200, answer.text


def test_no_token_of_the_application_is_stored_in_clear(gateway: Gateway, sandbox: SandboxServer) -> None:
    logged_in(gateway)
    stored = gateway.all_stored()
    assert not [token for token in sandbox.state.app_tokens["wecom"] if token.value in stored]
