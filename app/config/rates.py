"""Rates as people write them in the channels file: "600 per minute", "50/second"."""

from __future__ import annotations

import re
from datetime import timedelta

RATE = re.compile(r"([1-9][0-9]{0,8}) ?(?:/|per) ?(second|minute|hour|day)")
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


def checked_rate(value: str) -> str:
    """Return a rate as it is; raises ValueError when it is none."""
    if not RATE.fullmatch(value):
        raise ValueError("must look like '600 per minute'")
    return value


def interval_of(rate: str) -> timedelta:
    """Return the time between two of its places when they are spread evenly."""
    match = RATE.fullmatch(rate)
    if match is None:
        raise ValueError("must look like '600 per minute'")
    return timedelta(seconds=SECONDS[match[2]] / int(match[1]))
