"""What the tests of bans share: fronts of both kinds, and an address that has been refused too often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from app.factory import create_app
from app.pipeline.bans import BAD_SIGNATURE, note_refused
from app.pipeline.services import Services
from app.web.callbacks.loop_front import LoopFront
from tests.web.loop_stage import ask

BAN_AFTER = 100
ENV = {"BAN_AFTER": str(BAN_AFTER)}
GUESSER = "203.0.113.66"

Ask = Callable[..., "Answer"]


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    json: Any


def by_loop(services: Services) -> Ask:
    """Return what asks as callers of `flask serve` do; each request has a loop of its own."""

    def send(method: str, path: str, body: bytes = b"", *, peer: str = GUESSER, **headers: str) -> Answer:
        front = LoopFront(create_app(services=services), services)
        got = ask(front, method, path, body, headers=list(headers.items()), client=f"{peer}:40000")
        is_json = got.headers.get("content-type") == "application/json"
        return Answer(got.status, got.headers, got.json() if is_json else None)

    return send


def by_wsgi(services: Services) -> Ask:
    """Return what asks as callers under any other WSGI server do."""
    client = create_app(services=services).test_client()

    def send(method: str, path: str, body: bytes = b"", *, peer: str = GUESSER, **headers: str) -> Answer:
        got = client.open(
            path, method=method, data=body, headers=headers, environ_overrides={"REMOTE_ADDR": peer}
        )
        return Answer(
            got.status_code, {name.lower(): value for name, value in got.headers}, got.get_json(silent=True)
        )

    return send


def refuse_often(
    services: Services, address: str = GUESSER, *, times: int = BAN_AFTER + 1, reason: str = BAD_SIGNATURE
) -> None:
    """Count so many refused requests of an address."""
    for _ in range(times):
        note_refused(services, address, reason)
