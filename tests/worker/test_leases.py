"""Leases are kept whatever else is slow."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.router import Router
from app.storage.database.db import Database
from app.storage.queue.dispatches import list_dispatches
from app.worker import leases
from tests.builders import FrozenClock, signed_callback

WAIT_SECONDS = 10.0
HELD_SECONDS = 50.0


def test_a_lease_is_kept_while_tidying_up_waits_for_the_database(
    services_with: Any, database: Database, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = Router()
    router.on("callback")(lambda event, context: None)
    services = services_with(router=router)
    receive(services, "callback", signed_callback(), trace_id="t")
    (claim,) = claim_work(services, limit=1)
    services.runtime.running[claim.dispatch_id] = claim
    begun, let_go = threading.Event(), threading.Event()

    def wait_for_the_database(_: Any) -> None:
        begun.set()
        let_go.wait(HELD_SECONDS)

    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.02)
    monkeypatch.setattr(leases, "tidy", wait_for_the_database)
    keeper = leases.LeaseKeeper(services)
    keeper.start()
    try:
        assert begun.wait(WAIT_SECONDS)
        first = lease_end(database, claim.event_id)
        clock.advance(seconds=10)
        until = time.monotonic() + WAIT_SECONDS
        while lease_end(database, claim.event_id) == first and time.monotonic() < until:
            time.sleep(0.01)
        assert lease_end(database, claim.event_id) > first
    finally:
        keeper.stop()
        let_go.set()
        for thread in keeper._threads:
            thread.join(WAIT_SECONDS)


def lease_end(database: Database, event_id: str) -> Any:
    with database.read() as tx:
        (row,) = list_dispatches(tx, event_id)
    return row.due_at
