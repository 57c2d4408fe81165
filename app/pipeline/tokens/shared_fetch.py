"""One fetches, the others wait for its result: the one way in which tokens are fetched, of apps and of people.

A caller looks at the row that all processes share. When what is there will not do, whoever gets the row's lease asks
the platform, outside any transaction; the others look again and again until its result, its failure or its death shows.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from app.core.identifiers import random_word
from app.pipeline.services import Services
from app.storage.database.db import Transaction
from app.storage.database.fetch_leases import FetchLease

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.3


class Row(Protocol):
    """A row as a caller saw it."""

    @property
    def version(self) -> int:
        """How many values have been stored."""

    @property
    def lease_until(self) -> datetime | None:
        """When whoever fetches is taken for dead; None when nobody does."""


R = TypeVar("R", bound=Row)
V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)


class SharedFetch(Protocol[R, V_co]):
    """One caller's wish for a value that is fetched once for all."""

    @property
    def lease(self) -> timedelta:
        """How long one fetch may take before somebody else tries."""

    @property
    def patience(self) -> float:
        """Seconds a caller waits for others: longer than a lease, so that one dead holder is outlived."""

    def look(self) -> R:
        """Return the row as it is now."""

    def at_once(self, row: R) -> V_co | None:
        """Return what can be used although nobody is fetching, None when a fetch is due; may raise."""

    def meanwhile(self, row: R, first: R) -> V_co | None:
        """Return what serves while somebody else fetches; raises when its fetch failed since the `first` look."""

    def take(self, tx: Transaction, row: R, lease: FetchLease, *, now: datetime, until: datetime) -> bool:
        """Take the lease on the row as it was seen."""

    def fetch(self, row: R, lease: FetchLease) -> V_co | None:
        """Fetch, store and return the value; None when the lease was lost meanwhile, whose new holder is waited for."""

    def give_up(self, first: R) -> V_co:
        """Return what serves, or raise, when the others took too long."""


def fetched_once(services: Services, shared: SharedFetch[R, V]) -> V:
    """Return a value that fits, fetched by us or by whoever holds the lease.

    1. What is there and good is used as it is.
    2. Whoever gets the lease fetches.
    3. The others use what serves meanwhile, or wait: for the holder's result, its failure, or the end of its lease.
    """
    first = row = shared.look()
    value = shared.at_once(row)
    pause, deadline = 0.0, time.monotonic() + shared.patience
    while value is None:
        if (lease := _take(services, shared, row)) is not None:
            value = shared.fetch(row, lease)
            deadline = time.monotonic() + shared.patience
        if value is None:
            if time.monotonic() >= deadline:
                return shared.give_up(first)
            time.sleep(pause)
            pause = min(max(FIRST_PAUSE, 2 * pause), LONGEST_PAUSE)
            row = shared.look()
            value = shared.meanwhile(row, first)
    return value


def _take(services: Services, shared: SharedFetch[R, V], row: R) -> FetchLease | None:
    """Take the lease unless somebody holds it; nothing is written while the row shows a holder."""
    now = services.clock.now()
    if row.lease_until is not None and now < row.lease_until:
        return None
    lease = FetchLease(random_word(128), row.version)
    taken = services.database.run(lambda tx: shared.take(tx, row, lease, now=now, until=now + shared.lease))
    return lease if taken else None
