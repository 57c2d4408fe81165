"""Reads the ways in which senders write a point in time. No clock here."""

from __future__ import annotations

from datetime import UTC, datetime

MILLISECONDS_FROM = 100_000_000_000
"""Numbers from here on are milliseconds: as seconds they would lie beyond the year 5138."""


def moment_from(value: object) -> datetime | None:
    """Return the moment a JSON value names, None for null; raises ValueError for anything that is not a time.

    Taken are Unix seconds or milliseconds, as a number or as digits, and ISO 8601 text (UTC unless it says
    otherwise).
    """
    if value is None:
        return None
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        return _from_iso(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("not a time")
    try:
        seconds = float(value)
        return datetime.fromtimestamp(seconds / 1000 if seconds >= MILLISECONDS_FROM else seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("not a time") from error


def _from_iso(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not a time") from error


def as_text(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 with milliseconds and Z."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
