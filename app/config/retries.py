"""How often and when a failed dispatch is tried again, as handlers and the channels file write it.

Shared by `@router.on(…, retry_delays=)` and `[[destinations]]`, so that one word takes the same values in both. When
the time of a try is worked out is in pipeline/dispatch/retry.py.
"""

from __future__ import annotations

import math
import re

DEFAULT_ATTEMPTS = 12
MOST_DELAYS = 99
SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 7 * 86_400.0

DELAY = re.compile(
    r"(?P<count>[0-9]{1,6}(?:\.[0-9]{1,3})?) ?"
    r"(?:(?P<s>s|seconds?)|(?P<min>min|minutes?)|(?P<h>h|hours?)|(?P<d>d|days?))"
)
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
RULE = (
    "must be a list of 1 to 99 waits, each a number of seconds or a text such as '10 s', '5 min', '2 h' or '1 d', "
    "from 1 second to 7 days"
)


def read_delays(value: object) -> tuple[float, ...]:
    """Return the waits between tries in seconds; raises ValueError with a sentence that says what is right."""
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_DELAYS:
        raise ValueError(RULE)
    delays = tuple(_seconds(item) for item in value)
    if not all(SHORTEST_SECONDS <= delay <= LONGEST_SECONDS for delay in delays):
        raise ValueError(RULE)
    return delays


def _seconds(value: object) -> float:
    """Return the seconds of one wait; what is none becomes NaN, which no limit lets pass."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    match = DELAY.fullmatch(value) if isinstance(value, str) else None
    if match is None or match.lastgroup is None:
        return math.nan
    return float(match["count"]) * SECONDS[match.lastgroup]


def attempts_of(max_attempts: int | None, retry_delays: tuple[float, ...]) -> int:
    """Return how many tries there are: as many as asked for, else one more than there are waits, else twelve."""
    if max_attempts is not None:
        return max_attempts
    return len(retry_delays) + 1 if retry_delays else DEFAULT_ATTEMPTS
