"""Independent clients in Python log in, go on with a refresh and are logged out, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from authlib.integrations.flask_client import OAuth
from flask import Flask
from requests_oauth2client import ClientSecretBasic, ClientSecretPost, OAuth2Client
from sqlalchemy import select

from app.storage.database.db import Database
from app.storage.login.connections import connections
from tests.builders import FrozenClock, make_services
from tests.issuer.clients import fields_in
from tests.issuer.real.conftest import Provider, Surfer, is_logged_in
from tests.login.browser import BASE_URL, Browser
from tests.login.gateway import Gateway

SCOPE = "openid profile offline_access"
pytestmark = pytest.mark.backends("sqlite")


def authlib_client(provider: Provider, app: Flask) -> Any:
    """Return Authlib's client as a Flask application has it."""
    return OAuth(app).register(
        "callgate",
        client_id="authlib",
        client_secret=provider.secret("authlib"),
        server_metadata_url=f"{provider.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
    )


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_authlib_logs_in_refreshes_and_logs_out(provider: Provider, surfer: Surfer, mode: str) -> None:
    app = Flask("authlib")
    app.secret_key = "of a test"
    client = authlib_client(provider, app)
    callback = f"http://127.0.0.1:{provider.ports['authlib']}/callback"
    app.add_url_rule("/login", "login", lambda: client.authorize_redirect(callback, response_mode=mode))
    app.add_url_rule("/callback", "callback", client.authorize_access_token, methods=["GET", "POST"])
    visitor = app.test_client()
    start = visitor.get("/login").headers["Location"]
    tokens: Any = come_back(visitor, surfer, start, callback, mode)
    assert tokens["userinfo"]["name"] == "linxiao"
    assert tokens["userinfo"]["iss"] == provider.issuer
    fresh = client.fetch_access_token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert fresh["refresh_token"] != tokens["refresh_token"]
    with app.test_request_context():
        assert client.userinfo(token=fresh)["sub"] == tokens["userinfo"]["sub"]
    log_out(provider, surfer, "authlib", fresh["id_token"])


def come_back(visitor: Any, surfer: Surfer, start: str, callback: str, mode: str) -> Any:
    """Go through the login and bring the answer to the application, in the way it asked for."""
    if mode == "query":
        landed = urlsplit(surfer.land(start, until=callback))
        return visitor.get(f"{landed.path}?{landed.query}").json
    page = surfer.go(start)
    return visitor.post("/callback", data=fields_in(page.text)).json


@pytest.mark.parametrize("way", [ClientSecretBasic, ClientSecretPost])
def test_requests_oauth2client_logs_in_refreshes_and_logs_out(
    provider: Provider, surfer: Surfer, way: Any
) -> None:
    callback = f"http://127.0.0.1:{provider.ports['roc']}/callback"
    client = OAuth2Client.from_discovery_endpoint(
        issuer=provider.issuer,
        auth=way("roc", provider.secret("roc")),
        redirect_uri=callback,
        testing=True,
    )
    assert client.authorization_response_iss_parameter_supported
    asked = client.authorization_request(scope=SCOPE)
    response = asked.validate_callback(surfer.land(asked.uri, until=callback))
    token: Any = client.authorization_code(response, validate=True)
    before = client.userinfo(token.access_token)
    fresh: Any = client.refresh_token(token.refresh_token)
    assert client.userinfo(fresh.access_token) == before
    assert client.introspect_token(fresh.access_token)["active"] is True
    assert client.revoke_refresh_token(fresh.refresh_token)
    assert client.introspect_token(fresh.access_token) == {"active": False}
    log_out(provider, surfer, "roc", str(token.id_token))


def log_out(provider: Provider, surfer: Surfer, client: str, id_token: str) -> None:
    """Leave as a client has the browser leave."""
    assert is_logged_in(provider, surfer)
    bye = f"http://127.0.0.1:{provider.ports[client]}/bye"
    query = {"id_token_hint": id_token, "post_logout_redirect_uri": bye, "state": "s"}
    assert surfer.land(f"{provider.issuer}/oidc/logout?{urlencode(query)}", until=bye) == f"{bye}?state=s"
    assert not is_logged_in(provider, surfer)


def test_another_gateway_logs_in_and_goes_on_with_its_oauth2_channel(
    provider: Provider, surfer: Surfer, second: Gateway
) -> None:
    browser = Browser(second)
    callback = f"{BASE_URL}/oauth/first/callback"
    browser.callback(surfer.land(browser.start("first").authorize_url, until=callback).removeprefix(BASE_URL))
    first: Any = surfer.session.get(f"{provider.issuer}/api/v1/me", timeout=20).json()
    [identity] = browser.me()["identities"]
    assert identity["subject"] == first["user_id"]
    before = access_ends_at(second)
    second.clock.advance(seconds=7300)
    assert browser.fresh().status_code == 200
    assert access_ends_at(second) > before, "it went on with a refresh token"


def access_ends_at(gateway: Gateway) -> datetime:
    """Return until when the one access token that a gateway keeps is good."""
    with gateway.services.database.read() as tx:
        found: datetime = tx.execute(select(connections.c.expires_at)).scalar_one()
    return found


@pytest.fixture
def second(database: Database, provider: Provider) -> Iterator[Gateway]:
    """A gateway whose login is the provider, found by its issuer alone."""
    channels = f"""
[channels.first]
platform = "oauth2"
client_id = "second"
client_secret = "{provider.secret("second")}"
issuer = "{provider.issuer}"
allowed_hosts = ["{urlsplit(provider.issuer).netloc}"]
scope = "{SCOPE}"
"""
    env = {"PUBLIC_BASE_URL": BASE_URL, "RATELIMIT_ENABLED": "0", "SESSION_TTL": "10000"}
    clock = FrozenClock(datetime.now(UTC))
    made = Gateway(make_services(database, channels=channels, env=env, clock=clock), clock)
    yield made
    made.close()
