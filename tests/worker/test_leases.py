"""Leases are kept whatever else is slow, and the queue stays small, whoever else looks after it or not."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from app.core.states import DispatchState
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.pipeline.upkeep import housekeeping
from app.storage.database.db import Database
from app.storage.queue.dispatches import list_dispatches, queue
from app.worker import leases
from app.worker.leases import LeaseKeeper
from tests.builders import FrozenClock, signed_callback
from tests.upkeep.stage import old_event
from tests.worker.stage import wait_for

WAIT_SECONDS = 10.0
HELD_SECONDS = 50.0
VACUUMS = "SELECT pg_stat_get_vacuum_count('queue'::regclass)"


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
        (row,) = list_dispatches(tx, [event_id])
    return row.due_at


@pytest.mark.backends("postgresql")
def test_what_finished_dispatches_leave_is_cleared_away(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(housekeeping, "MOST_DEAD_ROWS", 20)
    for _ in range(30):
        old_event(services, 1, dispatch_states=(DispatchState.PENDING,))
    with services.database.begin() as tx:
        tx.execute(queue.delete())
        tx.exec_driver_sql("SELECT pg_stat_force_next_flush()")

    def vacuums() -> int:
        with services.database.read() as tx:
            return int(tx.exec_driver_sql(VACUUMS).scalar_one())

    before, keeper = vacuums(), LeaseKeeper(services)
    keeper.start()
    try:
        wait_for(lambda: vacuums() > before)
    finally:
        keeper.stop()
        wait_for(lambda: not any(each.name == "engine-tidy" for each in threading.enumerate()))
