"""Replay over HTTP: who may, what is answered, and how each bad value is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.pipeline.services import Services
from app.web.api.replay import replay_blueprint
from app.web.errors import install_errors
from tests.operators.stage import Crm, audited, away, dead_event, empty_body, run_due

TOKENS = {"API_TOKENS": "ops:ops-token-4d1f8a2b,reader:reader-token-77aa12:read"}
OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
READER = {"Authorization": "Bearer reader-token-77aa12"}


@pytest.fixture
def crm() -> Crm:
    return away()


@pytest.fixture
def services(services_with: Callable[..., Services], crm: Crm) -> Services:
    return services_with(router=crm.router(), env=TOKENS)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    app = Flask("app.web")
    install_errors(app)
    app.register_blueprint(replay_blueprint(services))
    return app.test_client()


def post(client: FlaskClient, path: str, body: Any, headers: dict[str, str] = OPS) -> tuple[int, Any]:
    answer = client.post(f"/api/v1/events/{path}", json=body, headers=headers)
    return answer.status_code, answer.get_json()


def test_one_event_is_replayed(client: FlaskClient, services: Services, crm: Crm) -> None:
    event_id = dead_event(services)
    crm.error = None
    status, body = post(client, f"{event_id}/replay", {"reason": "crm is back"})
    assert status == 202
    assert body == {
        "events": 1,
        "dispatches": 1,
        "running": 0,
        "pruned": 0,
        "nothing_to_run": 0,
        "last_due_at": "2026-11-20T12:00:00.000Z",
    }
    assert run_due(services) == 1
    assert (audited(services)[0].actor, crm.seen) == ("ops", ["evt_1"])


def test_a_filter_is_previewed_and_then_replayed(client: FlaskClient, services: Services) -> None:
    event_id = dead_event(services)
    status, body = post(client, "replay", {"filter": {"channel": "callback"}, "dry_run": True})
    assert (status, body) == (200, {"dry_run": True, "count": 1, "sample": [event_id]})
    status, body = post(client, "replay", {"channel": "callback", "reason": "crm is back", "rate": 10})
    assert (status, body["events"]) == (202, 1)
    status, body = post(client, "replay", {"filter": {"channel": "other"}, "reason": "crm is back"})
    assert (status, body["events"], body["last_due_at"]) == (202, 0, None)


def test_a_preview_of_one_event_runs_nothing(client: FlaskClient, services: Services) -> None:
    event_id = dead_event(services)
    assert post(client, f"{event_id}/replay", {"dry_run": True})[0] == 200
    assert run_due(services) == 0


@pytest.mark.backends("sqlite")
def test_the_scope_replay_is_needed(client: FlaskClient) -> None:
    for path in ("replay", "abc/replay"):
        assert post(client, path, {"reason": "x"}, READER)[0] == 403
        assert post(client, path, {"reason": "x"}, {})[0] == 401


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"reason": None}, "bad_reason"),
        ({"reason": " "}, "bad_reason"),
        ({"reason": "x" * 201}, "bad_reason"),
        ({"reason": 5}, "bad_reason"),
        ({"rate": 0}, "bad_rate"),
        ({"rate": -1}, "bad_rate"),
        ({"rate": 1e9}, "bad_rate"),
        ({"rate": True}, "bad_rate"),
        ({"rate": "fast"}, "bad_rate"),
        ({"limit": 0}, "bad_limit"),
        ({"limit": 10_001}, "bad_limit"),
        ({"limit": 1.5}, "bad_limit"),
        ({"dry_run": "yes"}, "bad_dry_run"),
        ({"route": "no.such.route"}, "unknown_route"),
        ({"route": 7}, "unknown_route"),
        ({"dispatches": "some"}, "bad_dispatches"),
        ({"filter": {"state": "lost"}}, "bad_state"),
        ({"filter": {"since": "yesterday"}}, "bad_time"),
        ({"filter": {"colour": "red"}}, "bad_filter"),
        ({"filter": {"q": 5}}, "bad_filter"),
        ({"filter": []}, "bad_filter"),
        ({"filter": {"q": "a"}, "q": "b"}, "bad_filter"),
        ({"colour": "red"}, "unknown_field"),
    ],
)
def test_a_bad_value_has_a_word_and_a_sentence(client: FlaskClient, change: Any, word: str) -> None:
    status, body = post(client, "replay", {"reason": "why"} | change)
    assert (status, body["error"]) == (400, word)
    assert body["message"].endswith(".")


@pytest.mark.backends("sqlite")
def test_what_cannot_be_replayed_is_refused(client: FlaskClient, services: Services) -> None:
    status, body = post(client, "nope/replay", {"reason": "why"})
    assert (status, body["error"]) == (404, "unknown_event")
    event_id = dead_event(services)
    empty_body(services, event_id)
    for extra in ({}, {"dry_run": True}):
        status, body = post(client, f"{event_id}/replay", {"reason": "why"} | extra)
        assert (status, body["error"]) == (409, "body_pruned")
    status, body = post(client, f"{event_id}/replay", {"reason": "why", "rate": 5})
    assert (status, body["error"]) == (400, "unknown_field")
