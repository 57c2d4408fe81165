"""What `/metrics` tells: what all processes of this machine counted, and what the database says at the moment of asking."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

from app.core.errors import StoreUnavailable
from app.core.version import VERSION
from app.pipeline.operators.destinations import BREAKER, OPEN, PAUSED, destination_statuses
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import app_token_health
from app.storage.queue.backlog import measure_backlog
from app.storage.queue.measures import count_dead_events, count_unfinished
from app.telemetry.counts import Snapshot, add_snapshot
from app.telemetry.exposition import Measured, exposition
from app.telemetry.families import (
    APP_TOKEN_SECONDS_LEFT,
    BUILD_INFO,
    DEAD_LETTERS,
    DESTINATION_STATE,
    DISPATCHES,
    OLDEST_WAITING,
    PROCESSES,
)

KEPT_SECONDS = 5.0
"""However often somebody asks, the database is asked once in this time by each process."""

HELD_PLACE = "main"
"""A process that only keeps the place of its workers."""


class Scrapes:
    """Answers scrapes for one process."""

    def __init__(self, services: Services):
        self._services = services
        self._lock = threading.Lock()
        self._asked: tuple[Measured, ...] = ()
        self._until = 0.0

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return the text of a scrape and its content type; without the store it tells what was counted alone."""
        counted, alive = self._counted()
        processes = tuple(((kind,), float(count)) for kind, count in sorted(alive.items()))
        always = (
            Measured(PROCESSES, processes),
            Measured(BUILD_INFO, (((VERSION,), 1.0),)),
        )
        return exposition(counted, (*self._database_says(), *always), accept)

    def _counted(self) -> tuple[Snapshot, Counter[str]]:
        own, shared = self._services.meters.snapshot(), self._services.runtime.shared_meters
        if shared is None:
            return own, Counter({"serve": 1})
        total, alive = shared.others()
        add_snapshot(total, own)
        del alive[HELD_PLACE]
        return total, alive

    def _database_says(self) -> tuple[Measured, ...]:
        with self._lock:
            if time.monotonic() >= self._until:
                try:
                    self._asked = tuple(_ask(self._services))
                except StoreUnavailable:
                    self._asked = ()
                self._until = time.monotonic() + KEPT_SECONDS
            return self._asked


def _ask(services: Services) -> Iterator[Measured]:
    """Ask the database, in a few questions that an index answers."""
    now = services.clock.now()
    with services.database.read() as tx:
        unfinished, dead = count_unfinished(tx), count_dead_events(tx)
        oldest = measure_backlog(tx, now, count_to=0).oldest_due_at
    waited = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
    yield Measured(DISPATCHES, tuple(((state,), float(count)) for state, count in unfinished.items()))
    yield Measured(OLDEST_WAITING, (((), waited),))
    yield Measured(DEAD_LETTERS, (((), float(dead)),))
    states = tuple(
        ((name, state), float(state == status))
        for name, status in destination_statuses(services).items()
        for state in (OPEN, BREAKER, PAUSED)
    )
    yield Measured(DESTINATION_STATE, states)
    tokens = tuple(
        (
            (token["channel"],),
            max(0.0, (token["expires_at"] - now).total_seconds()) if token["expires_at"] else 0.0,
        )
        for token in app_token_health(services)
        if token["state"] != "never_fetched"
    )
    yield Measured(APP_TOKEN_SECONDS_LEFT, tokens)
