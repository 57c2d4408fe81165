"""Back-pressure: how much waits, for how long, and how much disk is left, each against its limit.

A limit that was passed counts as passed until the measure is a tenth better than it allows, so that it does not come and
go with every event. What cannot be measured does not refuse: a store that is away says so by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import structlog

from app.core.errors import StoreUnavailable
from app.pipeline.services import OverLimit, Services
from app.storage.database.free_disk import free_mebibytes, sqlite_folder
from app.storage.queue.backlog import measure_backlog

MAX_WAITING = "MAX_WAITING"
MAX_WAITING_SECONDS = "MAX_WAITING_SECONDS"
LEAST_FREE_DISK_MB = "LEAST_FREE_DISK_MB"
BACK_AT = 0.9
FORGET_AFTER_LOOKS = 15
"""A passed limit that could not be measured for so many looks in a row counts as passed no longer."""

log = structlog.get_logger(__name__)

Measured = Mapping[str, int | None]
"""What each limit is compared with; None where nobody knows at the moment."""


class Limit(NamedTuple):
    """One limit that is set; `is_least` where less than allowed is too little."""

    name: str
    allowed: int
    is_least: bool = False

    def is_passed(self, measured: int, *, was_passed: bool) -> bool:
        """Say whether a measure passes it; once passed, it must be a tenth better."""
        if self.is_least:
            return measured < (self.allowed / BACK_AT if was_passed else self.allowed)
        return measured > (self.allowed * BACK_AT if was_passed else self.allowed)


class PressureGauge:
    """Measures for one process and writes to `services.runtime.pressure` what is passed."""

    def __init__(self, services: Services, *, free_disk: Callable[[Path], int] = free_mebibytes):
        self._services = services
        self._free_disk = free_disk
        self._folder = sqlite_folder(services.database)
        self._unknown: dict[str, int] = {}
        self.limits = self._limits_set()

    def _limits_set(self) -> tuple[Limit, ...]:
        settings = self._services.settings
        found = (
            Limit(MAX_WAITING, settings.max_waiting),
            Limit(MAX_WAITING_SECONDS, settings.max_waiting_seconds),
            Limit(LEAST_FREE_DISK_MB, settings.least_free_disk_mb if self._folder else 0, is_least=True),
        )
        return tuple(limit for limit in found if limit.allowed)

    def look(self) -> None:
        """Measure, compare, and tell the log what has changed."""
        pressure = self._services.runtime.pressure
        before = {each.limit: each for each in pressure.over}
        measured = {**self._measure_backlog(), **self._measure_disk()}
        passed = (self._judge(limit, measured, before.get(limit.name)) for limit in self.limits)
        over = tuple(each for each in passed if each is not None)
        if over and not before:
            pressure.refusals = 0
        pressure.over = over
        _tell(before, {each.limit: each for each in over}, measured, pressure.refusals)

    def forget(self) -> None:
        """Count no limit as passed, after a fault in measuring itself."""
        self._services.runtime.pressure.over = ()

    def _judge(self, limit: Limit, measured: Measured, before: OverLimit | None) -> OverLimit | None:
        value = measured.get(limit.name)
        if value is not None:
            self._unknown[limit.name] = 0
            is_passed = limit.is_passed(value, was_passed=before is not None)
            return OverLimit(limit.name, limit.allowed, value) if is_passed else None
        self._unknown[limit.name] = self._unknown.get(limit.name, 0) + 1
        return before if self._unknown[limit.name] <= FORGET_AFTER_LOOKS else None

    def _measure_backlog(self) -> Measured:
        services = self._services
        wanted = {limit.name for limit in self.limits}
        if not wanted & {MAX_WAITING, MAX_WAITING_SECONDS}:
            return {}
        count_to = services.settings.max_waiting + 1 if MAX_WAITING in wanted else 0
        try:
            now = services.clock.now()
            with services.database.read() as tx:
                backlog = measure_backlog(tx, now, count_to=count_to)
        except StoreUnavailable:
            return {}
        age = 0 if backlog.oldest_due_at is None else int((now - backlog.oldest_due_at).total_seconds())
        return {MAX_WAITING: backlog.due, MAX_WAITING_SECONDS: age}

    def _measure_disk(self) -> Measured:
        if self._folder is None:
            return {}
        try:
            return {LEAST_FREE_DISK_MB: self._free_disk(self._folder)}
        except OSError:
            return {}


def _tell(
    before: Mapping[str, OverLimit], after: Mapping[str, OverLimit], measured: Measured, refusals: int
) -> None:
    """Write one line for each limit that is passed now and was not, and one for each that is passed no longer."""
    for name, over in after.items():
        if name not in before:
            log.warning("pressure_begins", limit=name, allowed=over.allowed, measured=over.measured)
    for name, over in before.items():
        if name not in after:
            known = measured.get(name)
            log.warning("pressure_ends", limit=name, allowed=over.allowed, measured=known, refused=refusals)
