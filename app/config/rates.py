"""Rates as people write them in the channels file: "600 per minute", "50/second", "120 per minute, burst 20"."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache

RATE = re.compile(r"([1-9][0-9]{0,8}) ?(?:/|per) ?(second|minute|hour|day)")
BURST = re.compile(r", ?burst ([1-9][0-9]{0,8})")
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


def checked_burst_rate(value: str) -> str:
    """Return a rate with or without a burst as it is; raises ValueError when it is none."""
    rules_of(value)
    return value


@cache
def rules_of(value: str) -> tuple[str, ...]:
    """Return the plain rates that one with a burst stands for, the shortest time first; raises ValueError.

    "120 per minute, burst 20" is 120 in any minute, and 20 of them in any second.
    """
    rate, burst = RATE.match(value), BURST.search(value)
    if rate is None or value[rate.end() :] != (burst[0] if burst else ""):
        raise ValueError("must look like '120 per minute' or '120 per minute, burst 20'")
    if burst is None:
        return (value,)
    if rate[2] == "second" or int(burst[1]) > int(rate[1]):
        raise ValueError(
            "burst says how many of a minute, hour or day may come within one second, so it is the smaller one"
        )
    return (f"{burst[1]} per second", rate[0])
