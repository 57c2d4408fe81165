"""A machine's clock that is set back, where no database keeps a time of its own (SQLite).

What was due at once would wait for as long as the step, and so would a dead process's lease. So due times go back with it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import structlog

from app.pipeline.services import Services
from app.storage.queue.waiting import bring_forward

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOTABLE = timedelta(seconds=5)

log = structlog.get_logger(__name__)


class ClockWatch:
    """Compares the clock with the steady one, which nobody sets."""

    def __init__(self, services: Services):
        self._services = services
        self._offset = self._measure()

    def look(self) -> None:
        """Follow a step back: whatever was written before it is due that much earlier.

        What was written since is within a lease of the new time and stays; a step forward needs nothing, because leases that
        end early are taken over and the fence keeps the late result out.
        """
        offset = self._measure()
        step = self._offset - offset
        if self._services.database.is_sqlite and step > NOTABLE:
            beyond = self._services.clock.now() + timedelta(seconds=self._services.lease_seconds)
            moved = self._services.database.run(lambda tx: bring_forward(tx, later_than=beyond, by=step))
            log.warning("clock_was_set_back", seconds=round(step.total_seconds()), dispatches=moved)
        self._offset = offset

    def _measure(self) -> timedelta:
        return self._services.clock.now() - EPOCH - timedelta(seconds=time.monotonic())
