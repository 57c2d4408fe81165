"""Meters: what one process counts while it works. In memory only; how processes are added up is in shared_meters.py.

Values of labels that come from outside are bounded: what is beyond a bound is counted as `other`, so that nobody who calls
this gateway makes it grow. Adding costs a lock and a look into a dictionary.
"""

from __future__ import annotations

import threading

from app.telemetry.counts import OTHER, Labels, Series, Snapshot, Value, add_to_spread, copied, empty_spread
from app.telemetry.families import (
    ATTEMPT_SECONDS,
    ATTEMPTS,
    ATTEMPTS_OF_CHANNEL,
    COUNTED,
    DELIVERIES,
    DELIVERY_SECONDS,
    DUPLICATES,
    EVENTS,
    LOGINS,
    MESSAGES,
    REJECTIONS,
    TOKEN_REFRESHES,
    UPSTREAM_SECONDS,
    Family,
)
from app.telemetry.handler_meters import HandlerMeters

MOST_TYPES = 200
"""Types of events of one channel."""

MOST_HOSTS = 200
MOST_ROUTES = 500
MOST_REASONS = 200


class Meters:
    """The meters of one process; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, dict[Labels, Value]] = {family.name: {} for family in COUNTED}
        self._types: dict[str, set[str]] = {}
        self._hosts: set[str] = set()
        self._routes: set[str] = set()
        self._reasons: set[str] = set()
        self._changes = 0
        self.handlers = HandlerMeters()

    @property
    def changes(self) -> int:
        """Grow with every change, so that whoever copies sees whether there is anything new."""
        return self._changes + self.handlers.changes

    def delivery(self, channel: str, outcome: str, seconds: float) -> None:
        """Count a callback that was answered."""
        with self._lock:
            self._add(DELIVERIES, (channel, outcome))
            self._observe(DELIVERY_SECONDS, (channel,), seconds)

    def rejection(self, channel: str, reason: str) -> None:
        """Count why a callback was refused; a reason is a word of ours."""
        with self._lock:
            self._add(REJECTIONS, (channel, _bounded(self._reasons, reason, MOST_REASONS)))

    def event(self, channel: str, event_type: str, outcome: str) -> None:
        """Count an event of a proven callback; its type is the sender's own word."""
        with self._lock:
            known = self._types.setdefault(channel, set())
            self._add(EVENTS, (channel, _bounded(known, event_type, MOST_TYPES), outcome))
            if outcome == "duplicate":
                self._add(DUPLICATES, (channel,))

    def attempt(self, route: str, channel: str, outcome: str, seconds: float) -> None:
        """Count an attempt that ended."""
        with self._lock:
            route = _bounded(self._routes, route, MOST_ROUTES)
            self._add(ATTEMPTS, (route, outcome))
            self._add(ATTEMPTS_OF_CHANNEL, (channel, outcome))
            self._observe(ATTEMPT_SECONDS, (route,), seconds)

    def token_refresh(self, channel: str, outcome: str) -> None:
        """Count an app token that was asked for at its platform."""
        with self._lock:
            self._add(TOKEN_REFRESHES, (channel, outcome))

    def upstream(self, host: str, outcome: str, seconds: float) -> None:
        """Count a call to the outside."""
        with self._lock:
            self._observe(UPSTREAM_SECONDS, (_bounded(self._hosts, host, MOST_HOSTS), outcome), seconds)

    def message(self, channel: str, outcome: str) -> None:
        """Count a message that ended on a channel."""
        with self._lock:
            self._add(MESSAGES, (channel, outcome))

    def login(self, channel: str, outcome: str) -> None:
        """Count a login's return."""
        with self._lock:
            self._add(LOGINS, (channel, _bounded(self._reasons, outcome, MOST_REASONS)))

    def snapshot(self) -> Snapshot:
        """Return a copy of what was counted."""
        with self._lock:
            ours = {
                family.name: Series(family.kind, family.labels, copied(self._values[family.name]))
                for family in COUNTED
            }
        return ours | self.handlers.snapshot()

    def _add(self, family: Family, labels: Labels) -> None:
        values = self._values[family.name]
        values[labels] = values.get(labels, 0.0) + 1.0  # type: ignore[operator]
        self._changes += 1

    def _observe(self, family: Family, labels: Labels, value: float) -> None:
        values = self._values[family.name]
        if (spread := values.get(labels)) is None:
            spread = values[labels] = empty_spread()
        add_to_spread(spread, value)  # type: ignore[arg-type]
        self._changes += 1


def _bounded(known: set[str], value: str, most: int) -> str:
    if value in known:
        return value
    if len(known) >= most:
        return OTHER
    known.add(value)
    return value
