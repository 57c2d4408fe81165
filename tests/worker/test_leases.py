"""What the thread that keeps the leases does besides: the queue stays small, whoever else looks after it or not."""

from __future__ import annotations

import threading

import pytest

from app.core.states import DispatchState
from app.pipeline.services import Services
from app.pipeline.upkeep import housekeeping
from app.storage.queue.dispatches import queue
from app.worker import leases
from app.worker.leases import LeaseKeeper
from tests.upkeep.stage import old_event
from tests.worker.stage import wait_for

VACUUMS = "SELECT pg_stat_get_vacuum_count('queue'::regclass)"


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
        wait_for(lambda: not any(each.name == "engine-lease" for each in threading.enumerate()))
