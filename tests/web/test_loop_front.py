"""What stands in front under `flask serve`: the addresses, refusals and rules of the WSGI way, and no slow sender in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import StoreUnavailable
from app.factory import create_app
from app.pipeline.inbound import on_loop
from app.pipeline.services import Services
from app.storage.database.db import Database
from app.telemetry.logging import TRACE_ID
from app.web.callbacks import bodies
from app.web.callbacks.loop_front import LoopFront
from tests.builders import envelope, signed_callback
from tests.web.loop_stage import Server, ask
from tests.web.test_callbacks_before_flask import OPEN_TO_ALL

pytestmark = pytest.mark.backends("sqlite")
API = [("Authorization", "Bearer ops-token-4d1f8a2b")]
DRIPS: list[bytes | float] = [b"x", 0.02] * 50
MakeServices = Callable[..., Services]


@pytest.fixture
def front(services_with: MakeServices) -> LoopFront:
    """Return the front of a gateway that takes every event."""
    return front_of(services_with(channels=OPEN_TO_ALL))


def front_of(services: Services, **options: Any) -> LoopFront:
    return LoopFront(create_app(services=services), services, **options)


def post(front: LoopFront, key: str, *headers: tuple[str, str], **options: Any) -> Server:
    """Send a signed callback."""
    request = signed_callback(envelope(key))
    named = [*request.headers, *headers]
    return ask(front, "POST", "/webhooks/callback", request.body, headers=named, **options)


def rejections(front: LoopFront) -> list[dict[str, Any]]:
    """Ask a second front of the same gateway; each serves one loop."""
    again = front_of(front._services)
    return list(ask(again, "GET", "/api/v1/rejections", headers=API).json()["items"])


def test_a_callback_is_answered_without_flask_making_a_request(
    services_with: MakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_with(channels=OPEN_TO_ALL)
    app = create_app(services=services)
    monkeypatch.setattr(app, "request_context", lambda environ: pytest.fail("Flask made a request"))
    answer = post(LoopFront(app, services), "evt_1")
    assert (answer.status, answer.json()["status"]) == (200, "accepted")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers["x-trace-id"]) == 32
    assert "connection" not in answer.headers


def test_a_refusal_has_the_shape_of_every_error_and_a_trace_id(front: LoopFront) -> None:
    answer = ask(front, "POST", "/webhooks/callback", b"{}")
    assert (answer.status, set(answer.json())) == (401, {"error", "message", "trace_id"})
    assert len(answer.json()["trace_id"]) == 32
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_the_trace_id_of_a_refusal_is_that_of_its_rejection(front: LoopFront) -> None:
    told = ask(front, "POST", "/webhooks/callback", b"{}").json()["trace_id"]
    (kept,) = rejections(front)
    assert (kept["trace_id"], kept["error"]) == (told, "bad_signature")


def test_log_lines_of_a_callback_carry_its_trace_id(
    front: LoopFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []

    def prepare(*args: Any, **named: Any) -> None:
        seen.append(TRACE_ID.get())
        raise RuntimeError

    monkeypatch.setattr(on_loop, "prepare", prepare)
    assert seen == [post(front, "evt_1").json()["trace_id"]]


def test_a_fault_of_ours_is_a_500_that_tells_nothing(
    front: LoopFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_loop, "prepare", lambda *args, **named: 1 / 0)
    answer = post(front, "evt_1")
    assert (answer.status, answer.json()["error"]) == (500, "internal")
    assert b"ZeroDivision" not in answer.body


def test_a_store_that_is_away_is_503_and_the_next_callback_is_taken(
    front: LoopFront, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise StoreUnavailable

    monkeypatch.setattr(database, "begin", away)
    refused = post(front, "evt_1")
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    monkeypatch.undo()
    again = front_of(front._services)
    assert post(again, "evt_1").json()["status"] == "accepted"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/webhooks/nobody", 404),
        ("PUT", "/webhooks/callback", 405),
        ("GET", "/webhooks/callback", 405),
        ("HEAD", "/webhooks/callback", 405),
    ],
)
def test_what_the_head_shows_is_refused_before_the_body_is_read(
    front: LoopFront, method: str, path: str, status: int
) -> None:
    answer = ask(front, method, path, b"x" * 5000, 0.05, b"x" * 5000)
    assert (answer.status, answer.read_before_answer) == (status, 0)
    assert (answer.headers["connection"], answer.read) == ("close", 10_000)


def test_other_methods_are_told_which_ones_are_taken(front: LoopFront) -> None:
    answer = ask(front, "DELETE", "/webhooks/callback")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


def test_a_length_over_the_limit_is_413_before_the_body_is_read(front: LoopFront) -> None:
    answer = ask(front, "POST", "/webhooks/callback", *[b"x" * 65_536] * 64)
    assert (answer.status, answer.json()["error"]) == (413, "body_too_large")
    assert (answer.read_before_answer, answer.read) == (0, 4_194_304)
    assert rejections(front)[0]["error"] == "body_too_large"


def test_a_chunked_body_without_its_end_is_refused_and_not_stored(front: LoopFront) -> None:
    request = signed_callback(envelope("evt_cut"))
    server = Server(is_broken=True)
    headers = list(request.headers)
    ask(front, "POST", "/webhooks/callback", request.body, headers=headers, chunked=True, server=server)
    assert (server.status, server.json()["error"]) == (400, "truncated_body")
    assert ask(front_of(front._services), "GET", "/api/v1/events", headers=API).json()["items"] == []


def test_a_body_that_is_too_slow_is_408_and_kept_as_a_rejection(
    front: LoopFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)
    monkeypatch.setattr(bodies, "DRAIN_SECONDS", 0.05)
    answer = ask(front, "POST", "/webhooks/callback", *DRIPS)
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert rejections(front)[0]["error"] == "body_too_slow"


def test_https_is_forced_on_callbacks_too(services_with: MakeServices) -> None:
    env = {"FORCE_HTTPS": "1", "PUBLIC_BASE_URL": "https://gw.example.com", "TRUSTED_PROXIES": "1"}
    services = services_with(env=env, channels=OPEN_TO_ALL)
    plain = post(front_of(services), "evt_1", ("X-Forwarded-Proto", "http"))
    assert (plain.status, plain.json()["error"]) == (403, "https_required")
    asked = ask(front_of(services), "GET", "/webhooks/callback")
    assert asked.headers["location"] == "https://gw.example.com/webhooks/callback"
    assert post(front_of(services), "evt_2", ("X-Forwarded-Proto", "https")).status == 200
    assert post(front_of(services), "evt_3", scheme="https").status == 200


def test_the_address_is_the_peers_or_what_a_trusted_proxy_wrote(services_with: MakeServices) -> None:
    forwarded = ("X-Forwarded-For", "198.51.100.9, 203.0.113.50")
    channels = OPEN_TO_ALL + 'ip_allowlist = ["203.0.113.50", "2001:db8::1"]\n'
    for env, client, status in (
        ({}, "203.0.113.50:1", 200),
        ({}, "[2001:db8::1]:1", 200),
        ({}, "198.51.100.1:1", 403),
        ({"TRUSTED_PROXIES": "1"}, "198.51.100.1:1", 200),
    ):
        front = front_of(services_with(env=env, channels=channels))
        assert post(front, f"evt_{client}", forwarded, client=client).status == status


def test_everything_else_is_answered_by_flask(front: LoopFront) -> None:
    answer = ask(front, "GET", "/healthz")
    assert (answer.status, answer.json()) == (200, {"status": "ok"})
    assert "content-security-policy" in answer.headers
    head = ask(front_of(front._services), "HEAD", "/healthz")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "16")


def test_a_page_gets_its_body_from_memory_and_slow_ones_are_refused(
    front: LoopFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask(front, "POST", "/api/v1/bindcodes", b"{}", headers=API, chunked=True)
    assert whole.json()["error"] == "missing_scope" or whole.status in (400, 403)
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)
    monkeypatch.setattr(bodies, "DRAIN_SECONDS", 0.05)
    slow = ask(front_of(front._services), "POST", "/api/v1/bindcodes", *DRIPS, headers=API)
    assert (slow.status, slow.json()["error"]) == (408, "body_too_slow")
    assert "content-security-policy" in slow.headers


def test_callers_are_asked_to_come_again_once_the_process_leaves(services: Services) -> None:
    leaving: list[bool] = []

    def front() -> LoopFront:
        return front_of(services, is_leaving=lambda: bool(leaving))

    def closing() -> list[str | None]:
        answers = post(front(), f"evt_{len(leaving)}"), ask(front(), "GET", "/healthz")
        return [answer.headers.get("connection") for answer in answers]

    assert closing() == [None, None]
    leaving.append(True)
    assert closing() == ["close", "close"]


def test_what_belongs_to_the_loop_is_started_with_it(services: Services) -> None:
    started: list[str] = []
    front = front_of(services, on_start=lambda: started.append("here"))
    assert started == []
    ask(front, "GET", "/healthz")
    assert started == ["here"]
