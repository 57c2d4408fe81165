"""Discovery, keys, RP-initiated and back-channel logout."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.issuer.keys import rotate_issuer_keys
from app.security.issuer_tokens import LOGOUT_TOKEN
from app.storage.database.db import Database
from tests.builders import FrozenClock, run_stored_claim
from tests.issuer.clients import FILE, BackEnd, Person, claims_of, hidden_fields, shop_of
from tests.issuer.conftest import lend_keys
from tests.login.browser import BASE_URL
from tests.login.in_memory import FakePlatform, InMemoryGateway, open_gateway

HERE = pytest.mark.backends("sqlite")


@HERE
def test_discovery_names_addresses_that_are_there(gateway: InMemoryGateway) -> None:
    client = gateway.app.test_client()
    found = client.get("/.well-known/openid-configuration", base_url=BASE_URL)
    document: Any = found.json
    assert document["issuer"] == BASE_URL
    assert found.headers["Access-Control-Allow-Origin"] == "*"
    rules = {rule.rule for rule in gateway.app.url_map.iter_rules()}
    addresses = [value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))]
    assert {each.removeprefix(BASE_URL) for each in addresses} <= rules
    assert document["code_challenge_methods_supported"] == ["S256"]


@HERE
def test_keys_are_rotated_and_old_tokens_stay_good(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd
) -> None:
    tokens = wiki.tokens(person.code())
    assert rotate_issuer_keys(gateway.services) == 2
    assert wiki.user_info(tokens["access_token"]).status_code == 200
    kids = kids_at(gateway, "/oidc/jwks")
    assert len(kids) == 4
    assert claims_of(gateway, wiki.tokens(person.code())["id_token"])["aud"] == "wiki"


@HERE
def test_keys_of_sessions_and_of_the_issuer_are_others(gateway: InMemoryGateway, person: Person) -> None:
    assert not kids_at(gateway, "/.well-known/jwks.json") & kids_at(gateway, "/oidc/jwks")


@HERE
def test_a_client_logs_its_person_out_and_gets_them_back(person: Person, wiki: BackEnd) -> None:
    token = wiki.tokens(person.code())["id_token"]
    answer = person.browser.get(
        f"/oidc/logout?id_token_hint={token}&post_logout_redirect_uri=https%3A%2F%2Fwiki.example%2Fbye&state=s%26t"
    )
    assert answer.headers["Location"] == "https://wiki.example/bye?state=s%26t"
    assert person.browser.get("/api/v1/me").status_code == 401


@HERE
def test_without_a_hint_the_person_is_asked(person: Person) -> None:
    page = person.browser.get("/oidc/logout?client_id=wiki")
    assert "Log out?" in page.get_data(as_text=True)
    assert person.browser.get("/api/v1/me").status_code == 200
    fields = hidden_fields(page) | {"decision": "yes"}
    done = person.browser.post("/oidc/logout", data=fields, headers={"Origin": BASE_URL})
    assert "You are logged out" in done.get_data(as_text=True)
    assert person.browser.get("/api/v1/me").status_code == 401


@HERE
def test_another_site_logs_nobody_out(person: Person) -> None:
    answer = person.browser.post(
        "/oidc/logout", data={"decision": "yes"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert person.browser.get("/api/v1/me").status_code == 200


@HERE
@pytest.mark.parametrize(
    "query",
    [
        "client_id=wiki&post_logout_redirect_uri=https%3A%2F%2Fevil.example",
        "post_logout_redirect_uri=https%3A%2F%2Fwiki.example%2Fbye",
        "id_token_hint=nonsense",
        "client_id=shop&post_logout_redirect_uri=https%3A%2F%2Fwiki.example%2Fbye",
    ],
)
def test_a_logout_that_does_not_fit_goes_nowhere(person: Person, query: str) -> None:
    answer = person.browser.get(f"/oidc/logout?{query}")
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert person.browser.get("/api/v1/me").status_code == 200


class Listening(BaseHTTPRequestHandler):
    """A client's back channel; answers 204 and keeps what came."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append(parse_qs(body)["logout_token"][0])  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


@pytest.fixture
def back_channel() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    server.got = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def run_all(gateway: InMemoryGateway) -> None:
    """Run what is due, as an engine does, until nothing is."""
    while claims := claim_work(gateway.services, limit=10):
        for claim in claims:
            run_stored_claim(gateway.services, claim)


@pytest.fixture
def telling(database: Database, clock: FrozenClock, back_channel: Any) -> Iterator[InMemoryGateway]:
    """A gateway whose shop listens at the back channel."""
    address = f"http://127.0.0.1:{back_channel.server_port}/logout"
    file = FILE.replace("https://shop.example/logout", address)
    made = open_gateway(database, clock, {"fake": FakePlatform("fake:1")}, file=file)
    lend_keys(made)
    yield made
    made.close()


def test_clients_are_told_of_a_logout_by_their_back_channel(
    telling: InMemoryGateway, back_channel: Any
) -> None:
    gateway, person = telling, Person(telling)
    person.log_in()
    shop = shop_of(gateway)
    tokens = shop.tokens(person.code("shop", scope="openid profile"))
    stays = shop.tokens(person.code("shop", scope="openid offline_access"))
    answer = person.browser.post("/oauth/logout", data=logout_fields(person), headers={"Origin": BASE_URL})
    assert answer.status_code == 303
    run_all(gateway)
    [token] = back_channel.got
    claims, own = claims_of(gateway, token), claims_of(gateway, tokens["id_token"])
    assert (claims["aud"], claims["sub"], claims["sid"]) == ("shop", own["sub"], own["sid"])
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert "nonce" not in claims
    assert LOGOUT_TOKEN == "logout+jwt"
    assert shop.user_info(tokens["access_token"]).status_code == 401
    assert shop.refresh(stays["refresh_token"]).status_code == 200, "offline access outlives the session"


def logout_fields(person: Person) -> dict[str, str]:
    said: Any = person.browser.get("/api/v1/me").json
    return {"csrf_token": said["csrf_token"], "next": "/"}


def kids_at(gateway: InMemoryGateway, path: str) -> set[str]:
    said: Any = gateway.app.test_client().get(path, base_url=BASE_URL).json
    return {each["kid"] for each in said["keys"]}
