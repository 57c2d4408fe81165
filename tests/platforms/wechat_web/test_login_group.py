"""The group of Official Account and website application, from the first click to the session, at the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from app.core.login_choice import BrowserFit, UnionLogin
from app.platforms import discover
from app.storage.database.db import Database
from app.wire.wechat_family.browsers import is_wechat
from tests.builders import FrozenClock, make_services
from tests.login.browser import Browser
from tests.login.gateway import Gateway
from tests.login.simulated import ENVIRONMENT
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "MicroMessenger/8.0.60(0x18003c2f) NetType/WIFI Language/zh_CN"
)
DESKTOP = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


@pytest.fixture
def gateway(database: Database, clock: FrozenClock, sandbox: SandboxServer) -> Iterator[Gateway]:
    own, base = sandbox.settings, f"{sandbox.url}/wechat"
    channels = f"""
[channels.wechat]
platform = "wechat"
app_id = "{own["WECHAT_APP_ID"]}"
app_secret = "{own["WECHAT_APP_SECRET"]}"
api_base = "{base}"
open_base = "{base}"
mp_base = "{base}"

[channels.wechat-web]
platform = "wechat-web"
app_id = "{own["WECHAT_WEB_APP_ID"]}"
app_secret = "{own["WECHAT_WEB_APP_SECRET"]}"
api_base = "{base}"
open_base = "{base}"

[[login_groups]]
name = "wechat"
channels = ["wechat", "wechat-web"]
"""
    sandbox.state.auto_person = "maya"
    made = Gateway(make_services(database, clock=clock, channels=channels, env=ENVIRONMENT), clock)
    yield made
    made.close()


def logged_in(gateway: Gateway, agent: str) -> tuple[str, Browser]:
    """Log in through the group in a browser of this kind; return the platform's page and the browser."""
    browser, headers = gateway.browser(), {"User-Agent": agent}
    started = browser.start("wechat", headers=headers)
    address = started.authorize_url.partition("#")[0]
    page = requests.get(address, headers=headers, allow_redirects=False, timeout=20)
    back = urlsplit(page.headers["Location"])
    answer = browser.callback(f"{back.path}?{back.query}", headers=headers)
    assert answer.status_code == 303, answer.text
    return urlsplit(address).path.removeprefix("/wechat/connect/"), browser


def test_a_phone_inside_wechat_and_a_desktop_are_one_user(gateway: Gateway) -> None:
    on_phone, phone = logged_in(gateway, PHONE)
    on_desktop, desktop = logged_in(gateway, DESKTOP)
    assert (on_phone, on_desktop) == ("oauth2/authorize", "qrconnect")
    assert phone.me()["user_id"] == desktop.me()["user_id"]
    assert {each["channel"] for each in desktop.me()["identities"]} == {"wechat", "wechat-web"}


@pytest.mark.parametrize(
    ("agent", "inside"),
    [
        (PHONE, True),
        (
            "Mozilla/5.0 (Windows NT 6.1) Chrome/39.0 Safari/537.36 MicroMessenger/6.5.2.501 WindowsWechat",
            True,
        ),
        ("Mozilla/5.0 (iPhone) wxwork/4.1.0 MicroMessenger/7.0.1", False),
        (DESKTOP, False),
        ("Mozilla/5.0 (iPhone) Mobile/15E148 Safari/604.1", False),
        ("", False),
    ],
)
def test_wechats_browser_is_known_by_its_name(agent: str, inside: bool) -> None:
    assert is_wechat(agent) is inside


def test_the_three_kinds_of_applications_tell_union_ids_of_one_issuer() -> None:
    slugs = ("wechat", "wechat-web", "wechat-mini")
    opened: list[Any] = []
    for slug in slugs:
        spec = discover()[slug]
        opened.append(
            spec.open("x", spec.settings.model_validate({"app_id": "wx0001", "app_secret": "wxsecret"}))
        )
    assert [isinstance(connector, UnionLogin) for connector in opened] == [True, True, True]
    assert {connector.union_issuer for connector in opened} == {"wechat"}
    assert [isinstance(connector, BrowserFit) for connector in opened] == [True, True, False]
