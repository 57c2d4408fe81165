"""What a process counted, on its way to others: into `traffic_minutes` for operators, into a file for the other processes.

Receipts that no commit of callbacks has taken along are written here too. Whoever calls `write` does so about once a second; a
process that is killed loses what it counted since.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import structlog

from app.pipeline.services import Services
from app.storage.inbox.receipts import write_receipts
from app.storage.traffic import BUCKETS, COUNTS, Minute, add_traffic
from app.telemetry.counts import PLACES, Snapshot
from app.telemetry.families import ATTEMPTS_OF_CHANNEL, DELIVERIES, DELIVERY_SECONDS, DUPLICATES

TRAFFIC_SECONDS = 5.0
IDLE_WRITE_SECONDS = 5.0
"""Without a thread that writes, a request does when the last time was so long ago."""

log = structlog.get_logger(__name__)


class Measures:
    """The writer of one process; one caller at a time writes, others go on."""

    def __init__(self, services: Services):
        self._services = services
        self._busy = threading.Lock()
        self._written: dict[str, tuple[int, ...]] = {}
        self._minute = _minute_of(services.clock.now())
        self._published = -1
        self._is_failing = False
        self._last = self._last_traffic = time.monotonic()

    def write_when_idle(self) -> None:
        """Write when nobody has for a while: the way of a server without a thread for it."""
        if time.monotonic() - self._last >= IDLE_WRITE_SECONDS:
            self.write()

    def write(self, *, at_the_end: bool = False) -> None:
        """Write receipts, the copy for other processes, and every few seconds, or at the end, the traffic."""
        if not self._busy.acquire(blocking=at_the_end):
            return
        try:
            self._last = time.monotonic()
            traffic = partial(self._write_traffic, at_once=at_the_end)
            steps: list[Callable[[], None]] = [self._publish, self._write_receipts, traffic]
            failed = [error for error in map(_failure_of, steps) if error]
            if failed and not self._is_failing:
                log.warning("measures_not_written", error=failed[0])
            self._is_failing = bool(failed)
        finally:
            self._busy.release()

    def _publish(self) -> None:
        meters, shared = self._services.meters, self._services.runtime.shared_meters
        changes = meters.changes
        if shared is not None and changes != self._published:
            shared.publish(meters.snapshot())
            self._published = changes

    def _write_receipts(self) -> None:
        services = self._services
        while found := services.receipts.take():
            services.database.run(lambda tx, found=found: write_receipts(tx, found))  # type: ignore[misc]

    def _write_traffic(self, *, at_once: bool) -> None:
        """Write what has come since the last time, to the minute in which it came: at its end, or every few seconds."""
        minute = _minute_of(self._services.clock.now())
        is_due = time.monotonic() - self._last_traffic >= TRAFFIC_SECONDS
        if minute == self._minute and not is_due and not at_once:
            return
        counted = counts_by_channel(self._services.meters.snapshot())
        news = list(self._news(counted))
        if news:
            self._services.database.run(lambda tx: add_traffic(tx, news))
        self._written = counted
        self._minute, self._last_traffic = minute, time.monotonic()

    def _news(self, counted: dict[str, tuple[int, ...]]) -> Iterator[Minute]:
        nothing = (0,) * len(COUNTS)
        for channel, counts in counted.items():
            before = self._written.get(channel, nothing)
            if counts != before:
                more = tuple(now - then for now, then in zip(counts, before, strict=True))
                yield Minute(self._minute, channel, more)


def _failure_of(step: Callable[[], None]) -> str:
    """Take one step; return what failed. What keeps one from being written, such as a full disk, keeps no other."""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - measuring must not end whoever measures
        return error.__class__.__name__
    return ""


def counts_by_channel(snapshot: Snapshot) -> dict[str, tuple[int, ...]]:
    """Return what was counted of each channel, in the order of COUNTS."""
    found: dict[str, dict[str, int]] = {}

    def note(channel: str, name: str, count: float) -> None:
        counts = found.setdefault(channel, dict.fromkeys(COUNTS, 0))
        counts[name] += int(count)

    for (channel, outcome), count in snapshot[DELIVERIES.name].values.items():
        note(channel, outcome, float(count))  # type: ignore[arg-type]
    for (channel,), count in snapshot[DUPLICATES.name].values.items():
        note(channel, "duplicate_events", float(count))  # type: ignore[arg-type]
    for (channel, outcome), count in snapshot[ATTEMPTS_OF_CHANNEL.name].values.items():
        note(channel, "attempts", float(count))  # type: ignore[arg-type]
        if outcome in ("failed", "dead"):
            note(channel, "failed_attempts", float(count))  # type: ignore[arg-type]
    for (channel,), spread in snapshot[DELIVERY_SECONDS.name].values.items():
        for name, count in zip(BUCKETS, spread[:PLACES], strict=True):  # type: ignore[index]
            note(channel, name, count)
    return {channel: tuple(counts[name] for name in COUNTS) for channel, counts in found.items()}


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
