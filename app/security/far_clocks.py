"""What platforms' clocks said, from the Date header of their answers (RFC 9110 §6.6.1, read 2026-11-29); kept in memory only.

A clock that is off makes platforms refuse our calls and us refuse theirs, and on one machine nothing else shows it.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median

from app.core.clock import Clock, SystemClock

MOST_HOSTS = 64
LONGEST_DATE = 40
FRESH = timedelta(minutes=30)


class FarClocks:
    """The newest difference that each host showed. What one host says counts no more than what another one says."""

    def __init__(self, clock: Clock | None = None):
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[datetime, timedelta]] = {}

    def note(self, host: str, date: str | None, *, age: str | None = None) -> None:
        """Compare an answer's Date with our clock; an answer out of a cache (`Age`) is older than it looks."""
        if date is None or age is not None or len(date) > LONGEST_DATE:
            return
        now = self._clock.now()
        try:
            difference = parsedate_to_datetime(date) - now
        except (ValueError, TypeError, OverflowError):
            return
        with self._lock:
            self._seen.pop(host, None)
            if len(self._seen) >= MOST_HOSTS:
                del self._seen[next(iter(self._seen))]
            self._seen[host] = (now, difference)

    def seconds_ahead(self) -> float | None:
        """Return how far the platforms' clocks are ahead of ours, the middle one's; None when none was heard of lately."""
        now = self._clock.now()
        with self._lock:
            fresh = [
                difference.total_seconds() for at, difference in self._seen.values() if abs(now - at) <= FRESH
            ]
        return median(fresh) if fresh else None


FAR_CLOCKS = FarClocks()
"""Those that this process heard of."""
