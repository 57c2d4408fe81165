"""Every reading route answers as its description says, with something in the store and with nothing found."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from app.web.openapi.document import openapi_document
from tests.openapi.filled import HEADERS, Filled
from tests.openapi.promises import Promises

ODD_VALUES = ("odd", "%00", "%ED%A0%80", "-1", "9" * 40, "a" * 3000, "2026-01-01T00:00:00%2B00:00", "*")
PARAMETER = re.compile(r"\{(\w+)\}")
ENDLESS = {"/api/v1/stream"}
ASKS_FOR_FILES = {"/api/v1/channels/diff", "/api/v1/reload"}
"""These read the files of a real gateway, which this one has not; tests/setup asks them."""
CHANGES = {
    "/api/v1/events/{event_id}/replay": {"reason": "why", "dry_run": True},
    "/api/v1/events/replay": {"reason": "why"},
    "/api/v1/destinations/{name}/pause": {"reason": "why"},
    "/api/v1/sources/{slug}/try": {"request": "POST /webhooks/x HTTP/1.1\r\n\r\n{}"},
    "/api/v1/api-tokens": {"name": "another", "scopes": ["read"], "days": 3},
    "/api/v1/clients": {"redirect_uris": ["https://another.example/cb"]},
    "/api/v1/messages": {"channel": "phone", "text": "hello"},
    "/api/v1/notifications/{name}/preview": {},
    "/api/v1/people/{user_id}/erase": {"reason": "asked for it"},
}


@pytest.fixture
def promises(filled: Filled) -> Promises:
    return Promises(openapi_document(filled.app, filled.services.settings.public_base_url))


def addresses(filled: Filled, path: str) -> list[str]:
    """Return an address with every real name, and one with a name that nothing has."""
    names = PARAMETER.findall(path)
    real = itertools.product(*([*filled.names.get(name, []), "0" * 32] for name in names))
    form = PARAMETER.sub("{}", path)
    return [form.format(*chosen) for chosen in real]


def test_every_reading_route_keeps_its_promises(filled: Filled, promises: Promises) -> None:
    faults: list[str] = []
    answered: set[tuple[str, int]] = set()
    for method, path in promises.operations():
        if method != "get" or path in ENDLESS | ASKS_FOR_FILES or not path.startswith("/api/v1/"):
            continue
        for address in addresses(filled, path):
            answer = filled.client.get(address, headers=HEADERS)
            answered.add((path, answer.status_code))
            faults += promises.faults(method, path, answer)
    assert faults == [], "\n".join(faults)
    found = {path for path, status in answered if status == 200}
    lists = {
        path
        for method, path in promises.operations()
        if method == "get" and path.startswith("/api/v1/") and "{" not in path
    }
    assert lists - found - ENDLESS - ASKS_FOR_FILES - {"/api/v1/me"} == set()
    assert {"/api/v1/events/{event_id}", "/api/v1/messages/{message_id}", "/api/v1/people/{user_id}"} <= found


@pytest.mark.backends("sqlite")
def test_every_other_form_of_a_list_keeps_its_promises(filled: Filled, promises: Promises) -> None:
    faults = [
        fault
        for path, query in (
            ("/api/v1/events", "format=ndjson"),
            ("/api/v1/events", "q=evt"),
            ("/api/v1/events", "data=user_1"),
            ("/api/v1/audit", "format=csv"),
            ("/api/v1/rejections", "group=reason"),
            ("/api/v1/dispatches", "route=crm"),
            ("/api/v1/events", "limit=x"),
            ("/api/v1/events", "state=x"),
        )
        for fault in promises.faults("get", path, filled.client.get(f"{path}?{query}", headers=HEADERS))
    ]
    assert faults == [], "\n".join(faults)


@pytest.mark.backends("sqlite", "postgresql")
def test_every_odd_parameter_is_answered_as_promised(filled: Filled, promises: Promises) -> None:
    faults: list[str] = []
    for method, path in promises.operations():
        operation = promises.document["paths"][path][method]
        if method != "get" or not path.startswith("/api/v1/") or path in ENDLESS:
            continue
        names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
        for name, odd in itertools.product(names, ODD_VALUES):
            address = f"{addresses(filled, path)[0]}?{name}={odd}"
            answer = filled.client.get(address, headers=HEADERS)
            faults += [f"{address}: {fault}" for fault in promises.faults(method, path, answer)]
    assert faults == [], "\n".join(faults)


@pytest.mark.backends("sqlite")
def test_every_changing_route_keeps_its_promises(filled: Filled, promises: Promises) -> None:
    faults: list[str] = []
    for method, path in promises.operations():
        if method == "get" or path in ASKS_FOR_FILES or not path.startswith("/api/v1/"):
            continue
        for address, body in itertools.product(
            addresses(filled, path), (CHANGES.get(path), {}, {"odd": 1}, [])
        ):
            call: Any = getattr(filled.client, method)
            answer = call(address, json=body, headers=HEADERS)
            assert answer.status_code != 500, (method, address, body)
            faults += promises.faults(method, path, answer)
    assert faults == [], "\n".join(faults)


@pytest.mark.backends("sqlite")
def test_nobody_is_let_in_without_a_token(filled: Filled, promises: Promises) -> None:
    for method, path in promises.operations():
        operation = promises.document["paths"][path][method]
        if "x-scope" not in operation:
            continue
        answer = getattr(filled.client, method)(addresses(filled, path)[-1], json={})
        assert answer.status_code == 401, (method, path)
        assert promises.faults(method, path, answer) == []
