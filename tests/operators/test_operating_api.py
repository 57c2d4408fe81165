"""Destinations, sources, bans, API tokens and one event as curl, over HTTP: who may, what changes, what is audited."""

from __future__ import annotations

import base64
import json
import shlex
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from flask.testing import FlaskClient

from app.factory import create_app
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from app.storage.audit import list_audit
from app.storage.bans import Ban, write_ban
from app.storage.destination_states import find_state
from tests.builders import CALLBACK_CHANNEL, NOW, FrozenClock, signed_callback
from tests.operators.stage import Crm, accept, empty_body, run_due

TOKENS = {
    "API_TOKENS": "ops:ops-token-4d1f8a2b:read+operate,maker:maker-token-1234567:tokens+read,reader:reader-token-77aa12:read"
}
OPS, MAKER, READER = (
    {"Authorization": f"Bearer {each}"}
    for each in ("ops-token-4d1f8a2b", "maker-token-1234567", "reader-token-77aa12")
)


class Hook(BaseHTTPRequestHandler):
    """A destination that keeps what it got and answers with `status`."""

    got: ClassVar[list[tuple[dict[str, str], bytes]]] = []
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).got.append((dict(self.headers), body))
        self.send_response(type(self).status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[tuple[str, type[Hook]]]:
    kind = type("OwnHook", (Hook,), {"got": [], "status": 204})
    server = HTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hooks", kind
    server.shutdown()
    server.server_close()


@pytest.fixture
def services(services_with: Callable[..., Services], hook: tuple[str, type[Hook]]) -> Services:
    channels = f"""{CALLBACK_CHANNEL}
[[destinations]]
name = "crm"
url = "{hook[0]}"
match = "callback:*"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAA"
timeout = 5
"""
    return services_with(channels=channels, router=Crm().router(), env=TOKENS)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services=services).test_client()


def audited(services: Services) -> list[tuple[str, str, str]]:
    with services.database.read() as tx:
        return [(row.actor, row.action, row.target) for row in list_audit(tx, before=None, limit=20)]


def state_of(client: FlaskClient) -> str:
    (item,) = client.get("/api/v1/destinations", headers=READER).get_json()["items"]
    return str(item["state"])


def test_a_paused_destination_gets_nothing_until_it_is_resumed(
    client: FlaskClient, services: Services, hook: tuple[str, type[Hook]], clock: FrozenClock
) -> None:
    path = "/api/v1/destinations/crm"
    answer = client.post(f"{path}/pause", json={"reason": "moving house"}, headers=OPS)
    assert answer.get_json() == {"name": "crm", "state": "paused"}
    accept(services, "evt_1")
    run_due(services)
    assert (hook[1].got, state_of(client)) == ([], "paused")
    (item,) = client.get("/api/v1/destinations", headers=READER).get_json()["items"]
    assert (item["reason"], item["waiting"]) == ("paused by ops: moving house", 1)
    again = client.post(f"{path}/pause", json={"reason": "again"}, headers=OPS)
    assert (again.status_code, again.get_json()["error"]) == (409, "destination_paused")
    assert client.post(f"{path}/resume", headers=OPS).get_json() == {"name": "crm", "released": 1}
    run_due(services)
    assert (len(hook[1].got), state_of(client)) == (1, "open")
    assert audited(services)[:2] == [
        ("ops", "destination.resumed", "crm"),
        ("ops", "destination.paused", "crm"),
    ]


@pytest.mark.backends("sqlite")
def test_a_test_goes_past_the_pause_and_changes_nothing(
    client: FlaskClient, services: Services, hook: tuple[str, type[Hook]]
) -> None:
    client.post("/api/v1/destinations/crm/pause", json={"reason": "x"}, headers=OPS)
    with services.database.read() as tx:
        before = find_state(tx, "crm")
    said = client.post("/api/v1/destinations/crm/test", headers=OPS).get_json()
    assert (said["taken"], said["status"], said["error"]) == (True, 204, None)
    ((headers, body),) = hook[1].got
    assert json.loads(body)["type"] == "callgate.test"
    assert headers["webhook-signature"].startswith("v1,")
    hook[1].status = 500
    said = client.post("/api/v1/destinations/crm/test", headers=OPS).get_json()
    assert (said["taken"], said["status"]) == (False, 500)
    with services.database.read() as tx:
        assert find_state(tx, "crm") == before
    assert audited(services)[0] == ("ops", "destination.tested", "crm")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("action", ["pause", "resume", "test"])
def test_changes_want_the_scope_operate_and_a_name_that_is_there(client: FlaskClient, action: str) -> None:
    body = {"reason": "why"}
    assert client.post(f"/api/v1/destinations/crm/{action}", json=body, headers=READER).status_code == 403
    answer = client.post(f"/api/v1/destinations/nowhere/{action}", json=body, headers=OPS)
    assert (answer.status_code, answer.get_json()["error"]) == (404, "unknown_destination")


def test_a_ban_is_lifted(client: FlaskClient, services: Services) -> None:
    with services.database.begin() as tx:
        write_ban(tx, Ban("203.0.113.9", "wrong_token", 1, NOW, NOW + timedelta(hours=1)))
    assert [each["address"] for each in client.get("/api/v1/bans", headers=READER).get_json()["items"]] == [
        "203.0.113.9"
    ]
    assert client.delete("/api/v1/bans/203.0.113.9", headers=READER).status_code == 403
    assert client.delete("/api/v1/bans/203.0.113.9", headers=OPS).status_code == 204
    assert client.delete("/api/v1/bans/203.0.113.9", headers=OPS).status_code == 404
    assert client.get("/api/v1/bans", headers=READER).get_json()["items"] == []


def make(client: FlaskClient, headers: dict[str, str], **wanted: Any) -> tuple[int, Any]:
    answer = client.post(
        "/api/v1/api-tokens", json={"name": "new", "scopes": ["read"]} | wanted, headers=headers
    )
    return answer.status_code, answer.get_json()


def test_a_token_is_made_used_listed_and_revoked(client: FlaskClient, services: Services) -> None:
    status, made = make(client, MAKER, days=3)
    assert status == 201
    own = {"Authorization": f"Bearer {made['token']}"}
    assert client.get("/api/v1/events", headers=own).status_code == 200
    (listed,) = client.get("/api/v1/api-tokens", headers=MAKER).get_json()["items"]
    assert (listed["name"], listed["state"], "token" in listed) == ("new", "works", False)
    assert listed["last_used_at"] is not None
    assert client.delete(f"/api/v1/api-tokens/{made['id']}", headers=MAKER).status_code == 204
    assert client.delete(f"/api/v1/api-tokens/{made['id']}", headers=MAKER).status_code == 404
    assert client.get("/api/v1/events", headers=own).status_code == 401
    assert made["token"] not in str(audited(services))


@pytest.mark.backends("sqlite")
def test_a_token_makes_none_that_may_more_or_lasts_longer(client: FlaskClient, clock: FrozenClock) -> None:
    assert make(client, OPS)[0] == 403
    status, said = make(client, MAKER, scopes=["read", "people"])
    assert (status, said["error"]) == (403, "beyond_own_token")
    status, said = make(client, MAKER, scopes=["read", "relay"], paths=["/cgi-bin/user/*"])
    assert (status, said["error"]) == (403, "beyond_own_token")
    _, short = make(client, MAKER, scopes=["read", "tokens"], days=2)
    own = {"Authorization": f"Bearer {short['token']}"}
    for days in ({}, {"days": 3}):
        status, said = make(client, own, name="longer", **days)
        assert (status, said["error"]) == (403, "beyond_own_token")
    assert make(client, own, name="shorter", days=1)[0] == 201


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    "wanted",
    [
        {"name": ""},
        {"name": 5},
        {"scopes": []},
        {"scopes": "read"},
        {"days": 0},
        {"days": True},
        {"rate": 5},
        {"odd": 1},
    ],
)
def test_a_bad_wish_for_a_token_is_refused(client: FlaskClient, wanted: dict[str, Any]) -> None:
    assert make(client, MAKER, **wanted)[0] in (400, 403)


@pytest.mark.backends("sqlite")
def test_a_recorded_request_is_judged(client: FlaskClient) -> None:
    slugs = [each["slug"] for each in client.get("/api/v1/sources", headers=READER).get_json()["items"]]
    assert "stripe" in slugs or len(slugs) > 20
    slug = slugs[0]
    shown = client.get(f"/api/v1/sources/{slug}", headers=READER).get_json()
    assert shown["keys"]
    raw = "POST /webhooks/x HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{}"
    for wanted in ({"request": raw}, {"request_base64": base64.b64encode(raw.encode()).decode()}):
        said = client.post(f"/api/v1/sources/{slug}/try", json=wanted, headers=READER).get_json()
        assert said["taken"] is False
        assert any(sentence.startswith("Refused") for sentence in said["sentences"])
    for bad in ({}, {"request": ""}, {"request": raw, "request_base64": ""}, {"request": raw, "keys": {"odd": "x"}}, {"request": raw, "at": -1}, {"request_base64": "%"}):  # fmt: skip
        assert client.post(f"/api/v1/sources/{slug}/try", json=bad, headers=READER).status_code == 400, bad
    assert (
        client.post("/api/v1/sources/nothing/try", json={"request": raw}, headers=READER).status_code == 404
    )


@pytest.mark.backends("sqlite")
def test_an_event_is_written_as_a_command_without_credentials(
    client: FlaskClient, services: Services
) -> None:
    body = json.dumps({"event_id": "evt_1", "event_type": "a'b", "timestamp": 1, "data": {}}).encode()
    request = signed_callback(body, headers={"X-Plain": "it's", "Authorization": "Bearer top-secret"})
    receive(services, "callback", request, trace_id="")
    (event,) = client.get("/api/v1/events", headers=READER).get_json()["items"]
    said = client.get(f"/api/v1/events/{event['id']}/curl", headers=READER).get_json()
    words = shlex.split(said["curl"])
    assert words[:4] == ["curl", "-X", "POST", "http://localhost:5003/webhooks/callback"]
    assert words[words.index("--data-binary") + 1].encode() == body
    assert "X-Plain: it's" in words
    assert "top-secret" not in said["curl"]
    assert "Authorization" not in said["curl"]
    assert "Authorization" in said["left_out"]
    empty_body(services, event["id"])
    assert client.get(f"/api/v1/events/{event['id']}/curl", headers=READER).status_code == 409
