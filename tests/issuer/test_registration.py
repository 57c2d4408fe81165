"""Clients that operators register, and the older addresses and words of the same provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.config.channels import parse_channels
from app.core.errors import CallgateError, ConfigurationError
from app.pipeline.issuer.clients import find_client, register_client, remove_client
from app.storage.database.db import Database
from tests.builders import FrozenClock
from tests.issuer.clients import FILE, BackEnd, Person, parameters
from tests.issuer.conftest import lend_keys
from tests.login.browser import BASE_URL
from tests.login.in_memory import FakePlatform, InMemoryGateway, open_gateway

HERE = pytest.mark.backends("sqlite")
TOKEN = {"Authorization": "Bearer clients-token-0123456789abcdef-xyz"}


@pytest.fixture
def gateway(database: Database, clock: FrozenClock) -> Iterator[InMemoryGateway]:
    """A gateway where operators may register clients."""
    env = {"CLIENT_REGISTRATION": "1", "API_TOKENS": "dev:clients-token-0123456789abcdef-xyz:clients"}
    made = open_gateway(database, clock, {"fake": FakePlatform("fake:1")}, file=FILE, **env)
    lend_keys(made)
    yield made
    made.close()


def api(gateway: InMemoryGateway, method: str, path: str, **options: Any) -> Any:
    client = gateway.app.test_client()
    return client.open(path, method=method, headers=TOKEN, base_url=BASE_URL, **options)


def test_a_registered_client_logs_people_in_and_a_removed_one_does_not(
    gateway: InMemoryGateway, person: Person
) -> None:
    made = api(
        gateway, "POST", "/api/v1/clients", json={"title": "CRM", "redirect_uris": ["https://crm.example/cb"]}
    )
    assert made.status_code == 201
    crm = BackEnd(gateway, made.json["client_id"], made.json["client_secret"], "https://crm.example/cb")
    code = person.code(crm.client_id, redirect_uri="https://crm.example/cb")
    token = crm.tokens(code)["access_token"]
    assert crm.user_info(token).status_code == 200
    listed = api(gateway, "GET", "/api/v1/clients")
    assert made.json["client_secret"] not in listed.text
    assert [each["client_id"] for each in listed.json["items"]] == ["wiki", "shop", "app", crm.client_id]
    assert api(gateway, "DELETE", f"/api/v1/clients/{crm.client_id}").status_code == 204
    assert person.authorize(crm.client_id, redirect_uri="https://crm.example/cb").status_code == 400
    assert crm.user_info(token).status_code == 401


@HERE
@pytest.mark.parametrize(
    "keys",
    [
        {"redirect_uris": []},
        {"redirect_uris": ["http://crm.example/cb"]},
        {"redirect_uris": ["https://crm.example/cb#x"]},
        {"redirect_uris": ["https://*.example/cb"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["data:text/html,x"]},
        {"redirect_uris": ["https://user:pass@crm.example/cb"]},
        {"first_party": True},
        {"secret": "chosen-by-myself-123"},
        {"client_id": "wiki"},
        {"client_id": "no spaces"},
        {"unknown": 1},
        {"scopes": ["Admin"]},
    ],
)
def test_a_client_that_would_be_a_hole_is_not_registered(
    gateway: InMemoryGateway, keys: dict[str, Any]
) -> None:
    with pytest.raises(CallgateError):
        register_client(gateway.services, {"redirect_uris": ["https://crm.example/cb"]} | keys, actor="test")


@HERE
def test_registration_is_off_unless_it_is_switched_on(database: Database, clock: FrozenClock) -> None:
    made = open_gateway(database, clock, {"fake": FakePlatform("fake:1")}, file=FILE)
    with pytest.raises(CallgateError, match="CLIENT_REGISTRATION"):
        register_client(made.services, {"redirect_uris": ["https://crm.example/cb"]}, actor="test")
    made.close()


@HERE
def test_only_the_scope_clients_registers(gateway: InMemoryGateway) -> None:
    answer = gateway.app.test_client().post("/api/v1/clients", json={}, base_url=BASE_URL)
    assert answer.status_code == 401


@HERE
def test_a_client_of_the_file_cannot_be_removed(gateway: InMemoryGateway) -> None:
    with pytest.raises(CallgateError):
        remove_client(gateway.services, "wiki", actor="test")
    assert find_client(gateway.services, "wiki") is not None


@HERE
@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('client_id = "a"\nredirect_uris = ["https://a.example/cb"]', "needs a secret"),
        ('client_id = "a"\nsecret = "short"\nredirect_uris = ["https://a.example/cb"]', "at least 16"),
        ('client_id = "a"\npublic = true\nredirect_uris = ["http://a.example/cb"]', "https://"),
        (
            'client_id = "a"\npublic = true\npkce = "optional"\nredirect_uris = ["https://a.example/cb"]',
            "always needs it",
        ),
        ('client_id = "a"\npublic = true', "redirect_uris is missing"),
    ],
)
def test_a_wrong_table_is_named_with_what_to_fix(table: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        parse_channels(f"[[clients]]\n{table}\n", {})


# The older addresses: register, authorize, token, user info, top-up.
def test_the_older_forms_work_from_registration_to_top_up(gateway: InMemoryGateway, person: Person) -> None:
    made = api(
        gateway,
        "POST",
        "/api/oauth_apps",
        json={
            "name": "我的第三方应用",
            "description": "x",
            "redirect_uri": "https://old.example/oauth/callback",
        },
    )
    assert (made.json["success"], made.json["message"]) == (True, "应用创建成功")
    app = made.json["data"]
    assert set(app) == {"id", "name", "client_id", "client_secret", "redirect_uri", "created_time"}

    @gateway.services.router.claims("balance")
    def balance(who: dict[str, Any]) -> dict[str, Any]:
        return {"quota": 1000000, "used_quota": 250000, "balance_formatted": "750.00"}

    @gateway.services.router.claims("topup")
    def topup(who: dict[str, Any]) -> dict[str, Any]:
        return {"topup_url": f"https://pay.example/{who['user_id']}"}

    query = (
        f"client_id={app['client_id']}&redirect_uri=https%3A%2F%2Fold.example%2Foauth%2Fcallback&response_type=code"
        "&scope=profile%20balance&state=s1&auto_authorize=true"
    )
    page = person.browser.get(f"/api/oauth2/authorize?{query}")
    code = parameters(person.allow(page))["code"]
    silent = person.browser.get(f"/api/oauth2/authorize?{query}")
    assert parameters(silent)["state"] == "s1"
    old = BackEnd(gateway, app["client_id"], app["client_secret"], "https://old.example/oauth/callback")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": old.redirect_uri}
    tokens = old.post("/api/oauth2/token", form, basic=False).json
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == (
        "Bearer",
        7200,
        "profile balance email",
    )
    again = old.post(
        "/api/oauth2/token",
        {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
        basic=False,
    ).json
    info = asked(gateway, "/api/oauth2/userinfo", again["access_token"]).json
    assert (info["username"], info["balance_formatted"], info["status"]) == ("Ada", "750.00", 1)
    assert asked(gateway, "/api/oauth2/topup", again["access_token"]).json["topup_url"].endswith(info["id"])
    assert asked(gateway, "/api/oauth2/userinfo", "wrong").status_code == 401


@HERE
def test_a_refused_registration_says_why_in_the_older_form(gateway: InMemoryGateway) -> None:
    answer = api(
        gateway, "POST", "/api/oauth_apps", json={"name": "x", "redirect_uri": "http://evil.example/cb"}
    )
    assert answer.status_code == 400
    assert (answer.json["success"], answer.json["error"]) == (False, "bad_client")


@HERE
def test_a_page_of_a_registered_origin_may_call_the_token_address(gateway: InMemoryGateway) -> None:
    client = gateway.app.test_client()
    good = client.options("/oidc/token", headers={"Origin": "https://wiki.example"}, base_url=BASE_URL)
    assert good.headers["Access-Control-Allow-Origin"] == "https://wiki.example"
    assert "Access-Control-Allow-Credentials" not in good.headers
    bad = client.options("/oidc/token", headers={"Origin": "https://evil.example"}, base_url=BASE_URL)
    assert "Access-Control-Allow-Origin" not in bad.headers


def asked(gateway: InMemoryGateway, path: str, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return gateway.app.test_client().get(path, headers=headers, base_url=BASE_URL)
