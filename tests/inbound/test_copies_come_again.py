"""A copy of an event whose inline handler has not ended is told to come again, and never that all is done."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.core.values import COME_AGAIN_SECONDS, Reply
from app.factory import create_app
from app.pipeline.dispatch.attempts import claim_work, give_back
from app.pipeline.inbound import inline
from app.pipeline.inbound.accept import accept
from app.pipeline.inbound.prepare import Prepared, prepare
from app.pipeline.inbound.receive import receive
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.database.db import Database
from app.storage.queue.dispatches import Claim
from tests.builders import FrozenClock, run_stored_claim, signed_callback

MakeServices = Callable[..., Services]
COME_AGAIN = (503, "still_running", COME_AGAIN_SECONDS)


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inline, "WAIT_FOR_OTHERS_SECONDS", 0.1)


def inline_handler(handler: Callable[..., Any]) -> Router:
    router = Router()
    router.on("callback", inline=True, name="handler")(handler)
    return router


def take(services: Services) -> Reply:
    return receive(services, "callback", signed_callback(), trace_id="")


def told(reply: Reply) -> tuple[int, str, int | None]:
    body = json.loads(reply.body)
    return reply.status, body.get("error") or body["status"], reply.retry_after


def stored_by_a_process_that_died(services: Services) -> list[Claim]:
    """Commit a delivery and run nothing of it; return what the dead process held."""
    prepared = prepare(services, "callback", signed_callback(), trace_id="")
    assert isinstance(prepared, Prepared)
    [accepted] = accept(services, prepared.ready)
    return list(accepted.claims)


def test_after_a_kill_copies_come_again_until_the_handler_has_ended(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(router=inline_handler(lambda event, context: {"attempt": context.attempt}))
    stored_by_a_process_that_died(services)
    assert [told(take(services)) for _ in range(2)] == [COME_AGAIN] * 2
    clock.advance(seconds=services.lease_seconds + 1)
    assert told(take(services)) == COME_AGAIN, "the lease has ended, the handler has not"
    for claim in claim_work(services, limit=5):
        run_stored_claim(services, claim)
    reply = take(services)
    assert told(reply) == (200, "already_processed", None)
    assert json.loads(reply.body)["data"] == {"attempt": 2}


def test_while_another_process_runs_the_handler_copies_come_again(
    services_with: MakeServices, database_url: str
) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(_event: Any, _context: Any) -> str:
        started.set()
        assert go_on.wait(20)
        return "done"

    services = services_with(router=inline_handler(slow))
    elsewhere = replace(services, database=Database(database_url))
    first: list[Reply] = []
    running = threading.Thread(target=lambda: first.append(take(elsewhere)))
    running.start()
    assert started.wait(20)
    try:
        assert told(take(services)) == COME_AGAIN
    finally:
        go_on.set()
        running.join()
        elsewhere.database.close()
    assert told(first[0]) == (200, "success", None)
    assert told(take(services)) == (200, "already_processed", None)


def test_what_a_leaving_process_gave_back_is_not_ended(
    services_with: MakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_with(router=inline_handler(lambda event, context: None))
    held = stored_by_a_process_that_died(services)
    sleep = time.sleep

    def give_back_and_sleep(seconds: float) -> None:
        give_back(services, held)
        held.clear()
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", give_back_and_sleep)
    assert told(take(services)) == COME_AGAIN


@pytest.mark.backends("sqlite")
def test_the_sender_is_told_when(services_with: MakeServices) -> None:
    services = services_with(router=inline_handler(lambda event, context: None))
    stored_by_a_process_that_died(services)
    request = signed_callback()
    client = create_app(services=services).test_client()
    answer = client.post("/webhooks/callback", data=request.body, headers=list(request.headers))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(COME_AGAIN_SECONDS))
    assert answer.get_json()["trace_id"] == answer.headers["X-Trace-Id"]
