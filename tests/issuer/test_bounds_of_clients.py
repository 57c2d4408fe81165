"""What a client may not have: more than was allowed, what another one was allowed, and people of other logins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from app.config.clients import ClientConfig
from app.config.login_groups import LoginGroupConfig
from app.core.values import Identity
from app.pipeline.issuer.clients import register_client, remove_client
from app.pipeline.login import profiles
from app.storage.database.db import Database
from tests.builders import FrozenClock, exchange
from tests.issuer.clients import FILE, BackEnd, Person, claims_of, parameters
from tests.issuer.conftest import lend_keys
from tests.login.browser import BASE_URL
from tests.login.in_memory import FakePlatform, InMemoryGateway, open_gateway

pytestmark = pytest.mark.backends("sqlite")
MORE = """
[[clients]]
client_id = "narrow"
secret = "narrow-5f1c9e7a2b4d6038"
redirect_uris = ["https://narrow.example/cb"]
logins = ["other"]
"""
TOKEN = "clients-token-0123456789abcdef-xyz"


@pytest.fixture
def gateway(database: Database, clock: FrozenClock) -> Iterator[InMemoryGateway]:
    """A gateway where clients may be registered, with one whose people log in by `other` alone."""
    platforms = {"fake": FakePlatform("fake:1"), "other": FakePlatform("fake:2")}
    env = {"CLIENT_REGISTRATION": "1", "API_TOKENS": f"dev:{TOKEN}:clients"}
    made = open_gateway(database, clock, platforms, file=FILE + MORE, **env)
    lend_keys(made)
    yield made
    made.close()


def registered(gateway: InMemoryGateway, **keys: Any) -> BackEnd:
    keys = {"client_id": "crm", "redirect_uris": ["https://crm.example/cb"]} | keys
    _client, secret = register_client(gateway.services, keys, actor="test")
    return BackEnd(gateway, "crm", secret, "https://crm.example/cb")


def older(gateway: InMemoryGateway, path: str, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return gateway.app.test_client().get(f"/api/oauth2/{path}", headers=headers, base_url=BASE_URL)


def test_the_older_user_info_tells_no_more_than_was_allowed(
    gateway: InMemoryGateway, stranger: Person, wiki: BackEnd
) -> None:
    gateway.fake.person = Identity("fake:1", "user_id", "u1", profile={"email": "ada@example.com"})
    stranger.log_in()
    ordinary = older(gateway, "userinfo", wiki.tokens(stranger.code())["access_token"]).json
    assert (ordinary["email"], ordinary["username"]) == (None, None)
    bare = wiki.tokens(stranger.code(scope="openid"))["access_token"]
    assert older(gateway, "userinfo", bare).status_code == 403
    query = {"client_id": "wiki", "response_type": "code", "redirect_uri": wiki.redirect_uri}
    query |= {"scope": "profile", "code_challenge": "x" * 43, "code_challenge_method": "S256"}
    page = stranger.browser.get(f"/api/oauth2/authorize?{urlencode(query)}")
    assert "mail" in page.get_data(as_text=True)
    assert "code" in parameters(stranger.allow(page))


def test_what_a_removed_client_was_allowed_is_not_inherited_with_its_id(
    gateway: InMemoryGateway, person: Person
) -> None:
    person.code("crm", redirect_uri=registered(gateway).redirect_uri)
    remove_client(gateway.services, "crm", actor="test")
    heir = registered(gateway)
    said = parameters(person.authorize("crm", redirect_uri=heir.redirect_uri, prompt="none"))
    assert said["error"] == "consent_required"


def test_a_client_that_left_the_file_leaves_nothing_to_who_registers_its_id(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd
) -> None:
    token = wiki.tokens(person.code())["access_token"]
    others = tuple(each for each in gateway.services.clients if each.client_id != "wiki")
    exchange(gateway.services, clients=others)
    assert wiki.user_info(token).status_code == 401
    heir = {"client_id": "wiki", "redirect_uris": [wiki.redirect_uri]}
    register_client(gateway.services, heir, actor="test")
    assert wiki.user_info(token).status_code == 401
    assert parameters(person.authorize(prompt="none"))["error"] == "consent_required"


def test_who_logged_in_by_a_login_that_the_client_does_not_take_gets_no_code(
    gateway: InMemoryGateway, person: Person
) -> None:
    wanted = {"redirect_uri": "https://narrow.example/cb"}
    assert parameters(person.authorize("narrow", prompt="none", **wanted))["error"] == "login_required"
    again = person.authorize("narrow", **wanted)
    assert again.headers["Location"].startswith("/oauth/other/start?next=")
    back = parse_qs(urlsplit(again.headers["Location"]).query)["next"][0]
    person.browser.log_in("c2")
    assert parameters(person.browser.get(back))["error"] == "login_required", "it goes round no more"
    person.browser.log_in("c3", "other")
    page = person.browser.get(back)
    assert "code" in parameters(person.allow(page))


def test_of_a_group_only_the_channel_that_the_client_takes_is_offered(
    gateway: InMemoryGateway, stranger: Person
) -> None:
    group = LoginGroupConfig(name="both", channels=("fake", "other"))
    exchange(gateway.services, login_groups=(group,))
    start = stranger.authorize("narrow", redirect_uri="https://narrow.example/cb").headers["Location"]
    assert start.startswith("/oauth/other/start?")


@pytest.mark.parametrize("redirect_uri", ["com.example.app:/callback", "http://localhost:9000/cb"])
def test_a_public_client_at_an_address_that_anybody_can_take_is_asked_about_each_time(
    person: Person, redirect_uri: str
) -> None:
    person.code("app", redirect_uri=redirect_uri)
    assert "Allow The app?" in person.authorize("app", redirect_uri=redirect_uri).get_data(as_text=True)
    said = parameters(person.authorize("app", redirect_uri=redirect_uri, prompt="none"))
    assert said["error"] == "consent_required"


def test_the_older_top_up_needs_its_scope_and_is_counted(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary = wiki.tokens(person.code())["access_token"]
    assert older(gateway, "topup", ordinary).status_code == 403
    token = wiki.tokens(person.code(scope="openid balance"))["access_token"]
    monkeypatch.setattr(profiles, "QUESTIONS_PER_PERSON", "1 per minute")
    gateway.services.rate_limits._enabled = True
    assert [older(gateway, "topup", token).status_code for _ in range(2)] == [200, 429]


def test_a_scope_that_a_client_has_no_more_is_gone_from_its_living_grants(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd
) -> None:
    tokens = wiki.tokens(person.code(scope="openid profile offline_access"))
    code = person.code(scope="openid profile offline_access")
    with_scopes(gateway, "openid", "offline_access")
    assert set(wiki.user_info(tokens["access_token"]).json) == {"sub"}
    redeemed = wiki.tokens(code)
    assert redeemed["scope"] == "openid offline_access"
    assert "name" not in claims_of(gateway, redeemed["id_token"])
    again = wiki.refresh(tokens["refresh_token"]).json
    assert again["scope"] == "openid offline_access"
    asked = wiki.refresh(redeemed["refresh_token"], scope="openid profile").json
    assert asked["scope"] == "openid"
    with_scopes(gateway, "openid", "profile")
    assert wiki.refresh(again["refresh_token"]).json["error"] == "invalid_grant"


def with_scopes(gateway: InMemoryGateway, *scopes: str) -> None:
    """Let the wiki have these scopes alone."""
    clients = gateway.services.clients
    exchange(gateway.services, clients=tuple(_with(each, scopes) for each in clients))


def _with(client: ClientConfig, scopes: tuple[str, ...]) -> ClientConfig:
    return client.model_copy(update={"scopes": scopes}) if client.client_id == "wiki" else client


def test_guessing_tokens_is_slow_at_the_older_registration_too(
    database: Database, clock: FrozenClock
) -> None:
    env = {"CLIENT_REGISTRATION": "1", "RATELIMIT_ENABLED": "1", "RATELIMIT_STORAGE_URI": "memory://"}
    made = open_gateway(database, clock, {"fake": FakePlatform("fake:1")}, file=FILE, **env)
    client = made.app.test_client()
    wrong = {"Authorization": "Bearer wrong-0123456789abcdef"}
    said = [
        client.post("/api/oauth_apps", json={}, headers=wrong, base_url=BASE_URL).status_code
        for _ in range(31)
    ]
    made.close()
    assert (said[0], said[29], said[30]) == (401, 401, 429)
