"""The one place that asks the operating system what time it is.

Everything else takes the time as an argument or a Clock. Aware UTC only.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""


class SystemClock:
    """The operating system's clock."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)


def nanoseconds_now() -> int:
    """Return the operating system's time as spans tell it: nanoseconds since 1970."""
    return time.time_ns()
