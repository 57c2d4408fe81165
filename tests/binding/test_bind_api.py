"""Binding over HTTP: codes, the index, token health; who may, and what is refused how."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.pipeline.services import Services
from app.storage.audit import list_audit
from app.storage.database.db import Database
from app.web.api.bindcodes import bindcodes_blueprint
from app.web.errors import install_errors
from app.web.people.bind_page import bind_page_blueprint
from tests.binding.fakes import DOWN, Scannable, binding_services, deliver, leave, scan
from tests.builders import NOW, FrozenClock

OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}


def application(services: Services) -> Flask:
    app = Flask("app.web")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    install_errors(app)
    app.register_blueprint(bindcodes_blueprint(services))
    app.register_blueprint(bind_page_blueprint(services))
    return app


@pytest.fixture
def client(binding: Services) -> FlaskClient:
    return application(binding).test_client()


def make(client: FlaskClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/bindcodes", json={"app": "crm", "channel": "shop"} | body, headers=OPS)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_code_is_made_and_its_result_read(client: FlaskClient, binding: Services) -> None:
    made = make(client, ttl=600, user_ref="user-7")
    assert made["status"] == "pending"
    assert made["expires_at"] == "2026-11-20T12:10:00.000Z"
    assert made["qr_url"] == "https://platform.test/qr.jpg"
    assert made["page_url"].startswith("http://localhost:5003/bind/")
    assert "warning" not in made
    deliver(binding, scan(made["scene"]))
    found = client.get(f"/api/v1/bindcodes/{made['code']}", headers=OPS).get_json()
    assert (found["status"], found["open_id"], found["user_ref"]) == ("bound", "oA", "user-7")
    assert "scene" not in found


def test_without_a_picture_of_the_platform_ours_is_named(client: FlaskClient, shop: Scannable) -> None:
    shop.image_url = None
    made = make(client)
    assert made["qr_url"] == made["page_url"] + "/qr.svg"


def test_an_account_without_qr_codes_gives_a_code_to_type(client: FlaskClient) -> None:
    made = make(client, channel="plain")
    assert made["qr_url"] is None
    assert len(made["code"]) == 8


def test_a_platform_failure_is_a_warning(client: FlaskClient, shop: Scannable) -> None:
    shop.fail = DOWN
    made = make(client)
    assert made["qr_url"] is None
    assert "can still be typed" in made["warning"]


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("status", "word", "body"),
    [
        (400, "bad_app", {"app": None}),
        (400, "bad_app", {"app": 5}),
        (400, "bad_app", {"app": "a b"}),
        (400, "bad_channel", {"channel": None}),
        (404, "unknown_channel", {"channel": "nowhere"}),
        (404, "unknown_channel", {"channel": "deaf"}),
        (400, "bad_ttl", {"ttl": "300"}),
        (400, "bad_ttl", {"ttl": True}),
        (400, "bad_ttl", {"ttl": 3.5}),
        (400, "bad_ttl", {"ttl": 0}),
        (400, "bad_ttl", {"ttl": 10**30}),
        (400, "bad_user_ref", {"user_ref": 7}),
        (400, "bad_user_ref", {"user_ref": "u" * 192}),
        (400, "unknown_field", {"tll": 300}),
    ],
)
def test_each_bad_value_has_its_word(
    client: FlaskClient, status: int, word: str, body: dict[str, Any]
) -> None:
    answer = client.post("/api/v1/bindcodes", json={"app": "crm", "channel": "shop"} | body, headers=OPS)
    assert (answer.status_code, answer.get_json()["error"]) == (status, word)
    assert answer.get_json()["message"]


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, raw: bytes) -> None:
    answer = client.post("/api/v1/bindcodes", data=raw, headers=OPS)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_json")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/bindcodes"),
        ("GET", "/api/v1/bindcodes/AAAA2222"),
        ("GET", "/api/v1/openids"),
        ("DELETE", "/api/v1/openids/crm/oA"),
        ("GET", "/api/v1/tokens"),
    ],
)
def test_every_route_needs_its_scope(database: Database, method: str, path: str) -> None:
    services = binding_services(database, API_TOKENS="sender:only-sends-8d1f:send")
    client = application(services).test_client()
    assert client.open(path, method=method).status_code == 401
    answer = client.open(path, method=method, headers={"Authorization": "Bearer only-sends-8d1f"})
    assert (answer.status_code, answer.get_json()["error"]) == (403, "missing_scope")


def test_an_unknown_code_is_not_found(client: FlaskClient) -> None:
    for code in ("AAAA2222", "nonsense", "%00"):
        answer = client.get(f"/api/v1/bindcodes/{code}", headers=OPS)
        assert (answer.status_code, answer.get_json()["error"]) == (404, "unknown_bindcode")


def test_the_index_is_listed_page_by_page(client: FlaskClient, binding: Services) -> None:
    for number in range(5):
        deliver(binding, scan(make(client)["scene"], f"o{number}", at=NOW + timedelta(seconds=number)))
    deliver(binding, leave("o0", at=NOW + timedelta(seconds=9)))
    deliver(binding, scan(make(client, app="other")["scene"], "o0"))
    pages: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"/api/v1/openids?app=crm&limit=2&cursor={cursor}", headers=OPS).get_json()
        pages.append([item["open_id"] for item in page["items"]])
        last, cursor = page["items"][-1], page["next_cursor"]
    assert pages == [["o4", "o3"], ["o2", "o1"], ["o0"]]
    assert last == {
        "app": "crm",
        "channel": "shop",
        "open_id": "o0",
        "union_id": None,
        "subscribed": False,
        "user_ref": None,
        "bound_at": "2026-11-20T12:00:00.000Z",
    }


def test_the_index_can_be_narrowed_to_a_channel(client: FlaskClient, binding: Services) -> None:
    deliver(binding, scan(make(client)["scene"]))
    for channel, found in (("shop", 1), ("plain", 0)):
        page = client.get(f"/api/v1/openids?channel={channel}", headers=OPS).get_json()
        assert len(page["items"]) == found


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("query", ["cursor=5", "cursor=%00", "limit=0", "limit=x", "limit=201"])
def test_bad_paging_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/v1/openids?{query}", headers=OPS).status_code == 400


def test_an_entry_is_removed_once_and_audited(client: FlaskClient, binding: Services) -> None:
    deliver(binding, scan(make(client)["scene"]))
    assert client.delete("/api/v1/openids/crm/oB", headers=OPS).status_code == 404
    assert client.delete("/api/v1/openids/crm/oA", headers=OPS).status_code == 204
    answer = client.delete("/api/v1/openids/crm/oA", headers=OPS)
    assert (answer.status_code, answer.get_json()["error"]) == (404, "unknown_openid")
    with binding.database.read() as tx:
        (entry,) = list_audit(tx, before=None, limit=10)
    assert (entry.actor, entry.action, entry.target) == ("ops", "openid.delete", "crm/oA")
    assert entry.trace_id


def test_token_health_shows_no_value(client: FlaskClient, clock: FrozenClock) -> None:
    make(client)
    answer = client.get("/api/v1/tokens", headers=OPS)
    (item,) = answer.get_json()["items"]
    assert (item["channel"], item["state"]) == ("shop", "valid")
    assert item["expires_at"] == "2026-11-20T14:00:00.000Z"
    assert "token-1" not in answer.text
