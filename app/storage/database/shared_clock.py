"""One time for all machines: the database's clock, carried on between readings with this machine's steady one.

Due times and lease ends are written by one process and compared by another, so they must not depend on whose wall
clock is right. Why it is done this way is in docs/decisions/0014-engines.md.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.core.clock import Clock, SystemClock
from app.core.errors import StoreUnavailable
from app.storage.database.db import Database, database_time

READ_AGAIN_SECONDS = 15.0
STORE_DOWN_SECONDS = 5.0
JUMP_SECONDS = 1.0
NOTABLE_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What three clocks showed at one moment."""

    shared: datetime
    local: datetime
    steady: float

    def steady_gone(self) -> float:
        """Return the seconds since then by the steady clock."""
        return time.monotonic() - self.steady

    def local_gone(self, local_now: datetime) -> float:
        """Return the seconds since then by the machine's clock, which people and time servers may move."""
        return (local_now - self.local).total_seconds()


class SharedClock:
    """A clock that shows the database's time; the machine's own while the database has not been asked yet.

    It is read again after a while in the background, and at once when the machine slept or its clock was moved.
    """

    def __init__(self, database: Database, *, local: Clock | None = None):
        self._database = database
        self._local = local or SystemClock()
        self._reading: _Reading | None = None
        self._asking = threading.Lock()
        self._ask_after = 0.0
        self._hurried: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether the database was asked before."""
        return self._reading is not None

    def never_keep_waiting(self) -> None:
        """Let the calling thread, which runs an event loop, have the time as it is known, while another one asks."""
        self._hurried = threading.get_ident()

    def now(self) -> datetime:
        """Return the current time, aware, in UTC; never raises."""
        local_now = self._local.now()
        reading = self._reading
        if reading is None or _has_jumped(reading, local_now):
            reading = self._asked()
        elif reading.steady_gone() > READ_AGAIN_SECONDS:
            self._ask_in_background()
        if reading is None:
            return local_now
        return reading.shared + timedelta(seconds=reading.steady_gone())

    def _asked(self) -> _Reading | None:
        if threading.get_ident() == self._hurried:
            self._ask_in_background()
        else:
            self._ask()
        return self._reading

    def _ask_in_background(self) -> None:
        if not self._asking.locked() and time.monotonic() >= self._ask_after:
            threading.Thread(target=self._ask, name="shared-clock", daemon=True).start()

    def _ask(self) -> None:
        """Read the database's clock; one thread asks, the others wait for its answer only when there is none yet."""
        if not self._asking.acquire(blocking=self._reading is None):
            return
        try:
            if time.monotonic() >= self._ask_after:
                self._reading = self._read()
                self._ask_after = time.monotonic() + JUMP_SECONDS
        except StoreUnavailable:
            self._ask_after = time.monotonic() + STORE_DOWN_SECONDS
        finally:
            self._asking.release()

    def _read(self) -> _Reading:
        with self._database.read() as tx:
            before = time.monotonic()
            shared = database_time(tx)
            after = time.monotonic()
        local = self._local.now()
        apart = (local - shared).total_seconds()
        if abs(apart) > NOTABLE_SECONDS:
            log.warning("clock_differs_from_database", seconds=round(apart, 1))
        return _Reading(shared, local, (before + after) / 2)


def _has_jumped(reading: _Reading, local_now: datetime) -> bool:
    return abs(reading.local_gone(local_now) - reading.steady_gone()) > JUMP_SECONDS
