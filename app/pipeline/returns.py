"""When those that have to wait come back: one after another, not all at the same moment.

That alone keeps a long queue from being claimed again and again.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

SPREAD = timedelta(milliseconds=10)
LONGEST_SPREAD = timedelta(seconds=60)


class Returns:
    """The returns of whatever waits for one thing in this process, at least `interval` apart."""

    def __init__(self, interval: timedelta | None = None) -> None:
        self._spread = max(SPREAD, interval or SPREAD)
        self._last: datetime | None = None
        self._lock = threading.Lock()

    def time_to_return(self, earliest: datetime) -> datetime:
        """Return when one that has to wait may come back, each a little later than the one before."""
        with self._lock:
            last = self._last
            if last is None or not earliest - LONGEST_SPREAD < last < earliest + LONGEST_SPREAD:
                last = earliest
            self._last = max(last, earliest) + self._spread
            return self._last
