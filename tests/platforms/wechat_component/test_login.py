"""Login with authorised accounts: the page's address, which account, the third-party platform's token lent, whole logins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from pydantic import ValidationError

from app.core.errors import LoginError
from app.core.ports import AppTokenLogin, AuthorizeRequest, LoginPages, LoginProvider
from app.core.values import CodeGrant
from app.platforms.wechat_component import PLATFORM, ComponentLoginConnector
from app.storage.database.db import Database
from sandbox.people import PEOPLE
from tests.builders import FrozenClock
from tests.login.browser import Browser, Started
from tests.login.gateway import Gateway
from tests.login.simulated import ENVIRONMENT
from tests.platforms.wechat_component.component import ACCOUNT, APP_ID, SETTINGS
from tests.platforms.wechat_component.stage import ACCOUNT as SHOP
from tests.platforms.wechat_component.stage import CHANNEL, Stage, component_services
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
LOGIN = AuthorizeRequest("https://gw.example/oauth/component/callback", "state1", "")


def connector(**keys: Any) -> ComponentLoginConnector:
    own = {"login_app_ids": [ACCOUNT, "wx2"]} | keys
    opened = PLATFORM.open("component", PLATFORM.settings.model_validate(SETTINGS | own))
    assert isinstance(opened, ComponentLoginConnector)
    return opened


def test_only_a_channel_that_names_accounts_logs_people_in() -> None:
    ports = (LoginProvider, LoginPages, AppTokenLogin)
    assert all(isinstance(connector(), port) for port in ports)
    without = PLATFORM.open("component", PLATFORM.settings.model_validate(SETTINGS))
    assert not any(isinstance(without, port) for port in ports)


def test_the_pages_address_has_the_platforms_own_order() -> None:
    address = urlsplit(connector(scope="snsapi_base").authorize_url(LOGIN))
    assert (address.path, address.fragment) == ("/connect/oauth2/authorize", "wechat_redirect")
    assert parse_qsl(address.query) == [
        ("appid", ACCOUNT),
        ("redirect_uri", "https://gw.example/oauth/component/callback"),
        ("response_type", "code"),
        ("scope", "snsapi_base"),
        ("state", "state1"),
        ("component_appid", APP_ID),
    ]


def test_an_account_that_is_no_longer_named_logs_nobody_in() -> None:
    grant = CodeGrant("c", "https://gw.example/", "v", page="wx3", app_token="t")
    with pytest.raises(LoginError):
        connector().exchange(grant, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("ids", [["a b"], ["wx1", "wx1"], ["令牌"], [""]])
def test_accounts_are_named_by_appids(ids: list[str]) -> None:
    with pytest.raises(ValidationError):
        connector(login_app_ids=ids)


@pytest.fixture
def stage(database: Database, clock: FrozenClock, sandbox: SandboxServer) -> Stage:
    sandbox.state.auto_person = "maya"
    services = component_services(
        database, clock, sandbox, env=ENVIRONMENT, login_app_ids=f'["wxnotyet", "{SHOP}"]'
    )
    made = Stage(services, sandbox, clock)
    made.authorise()
    return made


@pytest.fixture
def gateway(stage: Stage, clock: FrozenClock) -> Iterator[Gateway]:
    made = Gateway(stage.services, clock)
    yield made
    made.close()


def came_back(started: Started) -> str:
    page = requests.get(started.authorize_url.partition("#")[0], allow_redirects=False, timeout=20)
    back = urlsplit(page.headers["Location"])
    return f"{back.path}?{back.query}"


def logged_in(gateway: Gateway) -> Browser:
    browser = gateway.browser()
    answer = browser.callback(came_back(browser.start(CHANNEL, f"next=/welcome&page={SHOP}")))
    assert answer.status_code == 303, answer.text
    return browser


def test_a_person_logs_in_with_the_account_that_was_asked_for(gateway: Gateway) -> None:
    me = logged_in(gateway).me()
    (maya,) = [person for person in PEOPLE if person.key == "maya"]
    assert maya.name_zh in str(me)
    assert f"wechat:{SHOP}" in gateway.all_stored()


def test_a_stale_token_of_the_third_party_platform_is_renewed_and_the_code_is_not_lost(
    gateway: Gateway, sandbox: SandboxServer
) -> None:
    logged_in(gateway)
    for token in sandbox.state.app_tokens["wechat_component"]:
        token.revoked = True
    assert logged_in(gateway).is_signed_in()


def test_a_persons_tokens_are_prolonged(gateway: Gateway, sandbox: SandboxServer, stage: Stage) -> None:
    browser = logged_in(gateway)
    sandbox.state.expire_access_tokens("wechat_component")
    answer = browser.fresh()
    assert answer.status_code == 200, answer.text
    assert stage.calls("refresh") == 1


def test_without_a_choice_the_first_account_is_taken(gateway: Gateway) -> None:
    started = gateway.browser().start(CHANNEL)
    assert "appid=wxnotyet&" in started.authorize_url


def test_an_account_that_is_not_named_cannot_be_chosen(gateway: Gateway) -> None:
    answer = gateway.browser().get(f"/oauth/{CHANNEL}/start", query_string={"page": "wxother"})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_page")
