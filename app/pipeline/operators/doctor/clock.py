"""Judges this machine's clock by those of others: the database server's, and the Date header of whoever answered.

Signed times are accepted within five minutes by most platforms, and a JWT within less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from app.core.clock import Clock
from app.core.errors import StoreUnavailable
from app.core.ports import HttpAnswer, HttpClient
from app.pipeline.operators.doctor.finding import Finding, State
from app.storage.database.db import Database, database_time

AHEAD = "This machine's clock is %(seconds)s s ahead of %(other)s: signed times look old, so callbacks and logins are refused."
BEHIND = "This machine's clock is %(seconds)s s behind %(other)s: signed times look not yet valid, so callbacks and logins are refused."
WRONG_SECONDS = 120
WARN_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Reading:
    """How many seconds this machine is ahead of another clock."""

    other: str
    ahead: float


@dataclass(slots=True)
class DateNotes:
    """Collects the Date header of every answer, by who sent it."""

    local: Clock
    readings: list[Reading] = field(default_factory=list)

    def note(self, other: str, answer: HttpAnswer) -> None:
        """Keep how far this machine's clock is from that of an answer."""
        date = _http_date(answer.headers.get("Date", ""))
        if date is not None:
            self.readings.append(Reading(other, (self.local.now() - date).total_seconds()))

    def listening(self, other: str, http: HttpClient) -> HttpClient:
        """Return a way out that notes the Date of whatever comes back."""
        return _Listening(self, other, http)


@dataclass(frozen=True, slots=True)
class _Listening:
    notes: DateNotes
    other: str
    http: HttpClient

    def request(self, method: str, url: str, **parts: Any) -> HttpAnswer:
        """Send one request as the client beneath does."""
        answer = self.http.request(method, url, **parts)
        self.notes.note(self.other, answer)
        return answer


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text[:64])
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo is not None else None


def ask_database_clock(database: Database, local: Clock) -> Reading | None:
    """Compare with the database server's clock; SQLite has none of its own."""
    if database.is_sqlite:
        return None
    try:
        with database.read() as tx:
            shared = database_time(tx)
    except StoreUnavailable:
        return None
    return Reading(f"the {database.backend} server", (local.now() - shared).total_seconds())


def clock_finding(platforms: Sequence[Reading], database: Reading | None) -> Finding:
    """Judge by the platform that agrees best, since one wrong clock elsewhere says nothing about ours, and by the database server."""
    nearest_platform = min(platforms, key=lambda reading: abs(reading.ahead), default=None)
    readings = [reading for reading in (nearest_platform, database) if reading is not None]
    if not readings:
        return Finding(
            "clock", "not_tried", "Nobody told the time, so this machine's clock was compared with none."
        )
    worst = max(readings, key=lambda reading: abs(reading.ahead))
    seconds = round(abs(worst.ahead))
    values = {"seconds": seconds, "other": worst.other}
    state: State = "wrong" if seconds > WRONG_SECONDS else "warn" if seconds > WARN_SECONDS else "ok"
    if state == "ok":
        return Finding("clock", "ok", "This machine's clock agrees with %(other)s.", values=values)
    return Finding(
        "clock",
        state,
        AHEAD if worst.ahead > 0 else BEHIND,
        "Have the machine set its clock by NTP: `timedatectl set-ntp true`, then look at `timedatectl`; on a virtual machine look at the host's clock too.",
        values,
    )
