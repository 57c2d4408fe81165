"""When a failed attempt runs again: twelve tries over about a day with full jitter, unless a route has delays of its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

STEPS_SECONDS = (10, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 28800)
"""Longest wait after the first, second … failed attempt; they add up to just under 24 hours."""

MINIMUM_SECONDS = 1.0
REDELIVERY_GRACE_SECONDS = 60.0
"""After a failed answer the platform itself sends the event again soon; our own retry lets it go first."""


def next_delay(
    attempt: int,
    *,
    delays: Sequence[float] = (),
    retry_after: int | None = None,
    at_least: float = MINIMUM_SECONDS,
) -> timedelta:
    """Return how long to wait after attempt number `attempt` failed; `retry_after` (seconds) is honoured.

    A route's own `delays` are taken as they are, the last one again and again; without any the schedule above counts.
    """
    if delays:
        wait = delays[min(attempt, len(delays)) - 1]
    else:
        longest = STEPS_SECONDS[min(attempt, len(STEPS_SECONDS)) - 1]
        wait = random.uniform(0, longest)  # noqa: S311 - spreading load, not guarding a secret
    return timedelta(seconds=max(at_least, wait, retry_after or 0))
