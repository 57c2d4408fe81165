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


LONGEST_ASKED_SECONDS = 7 * 86_400
"""An exception may ask for a pause of any length; more than this is not meant."""


def asked_seconds(error: Exception) -> float:
    """Return the pause that an exception asks for with `retry_after`, 0 for none and for what is no number of seconds."""
    try:
        asked = getattr(error, "retry_after", None)
    except Exception:  # noqa: BLE001 - an exception's own code may do anything
        return 0
    if not isinstance(asked, int | float) or isinstance(asked, bool) or not asked > 0:
        return 0
    return min(asked, LONGEST_ASKED_SECONDS)


def next_delay(
    attempt: int,
    *,
    delays: Sequence[float] = (),
    retry_after: float = 0,
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
    return timedelta(seconds=max(at_least, wait, retry_after))
