"""Points in time as Chinese platforms write them: wall clock of Beijing without a zone. No clock here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

WRITTEN: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2}) ?(\d{2}):?(\d{2}):?(\d{2})", re.ASCII)
"""`2026-05-29 04:26:40` or `20260529042640`."""


BEIJING: Final = timezone(timedelta(hours=8))


def in_beijing(seconds: float) -> str:
    """Return a moment of Unix time as gateways there want it: `2026-05-29 04:26:40`."""
    return datetime.fromtimestamp(seconds, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def seconds_until_tomorrow(now: datetime) -> int:
    """Return the seconds until the next day begins there, and a minute more for clocks that differ."""
    there = now.astimezone(BEIJING)
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int((midnight - there).total_seconds()) + 60


def beijing_moment(text: str) -> datetime:
    """Return the moment in UTC; raises ValueError for a text that is not such a time."""
    match = WRITTEN.fullmatch(text)
    if match is None:
        raise ValueError("not a time of Beijing")
    return datetime.strptime("".join(match.groups()) + "+0800", "%Y%m%d%H%M%S%z").astimezone(UTC)


def beijing_moment_or_none(text: str | None) -> datetime | None:
    """Return the moment, None where there is none to read; for times that nobody judges."""
    try:
        return beijing_moment(text or "")
    except (ValueError, OverflowError):
        return None
