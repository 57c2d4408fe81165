"""Traffic: how many callbacks of each channel came in each minute, how they ended, and how long they took.

Processes add to these rows; nothing is counted here. Each minute has a row for every channel with traffic and one for all of
them, so that a look at all reads no more rows than a look at one. What is older than two days is kept by the hour, in the row
of its first minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    func,
    select,
    tuple_,
    type_coerce,
)

from app.storage.database.db import (
    EPOCH,
    ExactText,
    UtcDateTime,
    metadata,
    microseconds,
    supports_skip_locked,
)
from app.storage.database.many_rows import add_to_rows

BUCKETS = tuple(f"bucket_{number}" for number in range(14))
"""Callbacks by how long they took; the ends of the buckets are those of the meters (telemetry/families.py)."""

COUNTS = (
    "accepted",
    "duplicate",
    "set_up",
    "refused",
    "turned_away",
    "failed",
    "duplicate_events",
    "attempts",
    "failed_attempts",
    *BUCKETS,
)
HOUR = 3_600_000_000
EVERY_CHANNEL = ""
"""The name that the row of all channels has; no channel is called so."""

traffic_minutes = Table(
    "traffic_minutes",
    metadata,
    Column("minute", UtcDateTime, nullable=False),
    Column("channel", ExactText(64), nullable=False),
    *(Column(name, Integer, nullable=False) for name in COUNTS),
    PrimaryKeyConstraint("channel", "minute"),
    Index("ix_traffic_minutes_minute", "minute"),
)
_MINUTE = type_coerce(traffic_minutes.c.minute, BigInteger)


class Minute(NamedTuple):
    """What one process counted of a channel; `counts` are in the order of COUNTS."""

    minute: datetime
    channel: str
    counts: tuple[int, ...]


class Sums(NamedTuple):
    """The sums of one step, in the order of COUNTS."""

    start: datetime
    counts: tuple[int, ...]


def add_traffic(tx: Connection, minutes: Iterable[Minute]) -> None:
    """Add counts of channels to those that are there, and to those of all channels."""
    new = list(minutes)
    sums: dict[datetime, list[int]] = {}
    for each in new:
        total = sums.setdefault(each.minute, [0] * len(COUNTS))
        sums[each.minute] = [a + b for a, b in zip(total, each.counts, strict=True)]
    _add(tx, [*new, *(Minute(minute, EVERY_CHANNEL, tuple(total)) for minute, total in sums.items())])


def _add(tx: Connection, minutes: Iterable[Minute]) -> None:
    """Add to rows; sorted, so that processes wait for each other in one order."""
    rows = [(microseconds(each.minute), each.channel, *each.counts) for each in sorted(minutes)]
    if rows:
        add_to_rows(tx, traffic_minutes, keys=("minute", "channel"), counts=COUNTS, rows=rows)


def sum_traffic(
    tx: Connection, *, since: datetime, until: datetime, step: int, channel: str | None = None
) -> list[Sums]:
    """Return the sums of each step of so many seconds, counted from 1970 on; steps without traffic are left out."""
    start = (_MINUTE - _MINUTE % (step * 1_000_000)).label("start")
    sums = [func.sum(traffic_minutes.c[name]).label(name) for name in COUNTS]
    query = select(start, *sums).where(
        traffic_minutes.c.channel == (channel or EVERY_CHANNEL),
        traffic_minutes.c.minute >= since,
        traffic_minutes.c.minute < until,
    )
    found = tx.execute(query.group_by("start").order_by("start"))
    return [Sums(_moment(int(row[0])), tuple(int(count) for count in row[1:])) for row in found]


def fold_into_hours(tx: Connection, *, since: datetime, before: datetime, limit: int) -> int:
    """Put minutes into the first minute of their hour; return how many rows that were. `before` is the beginning of an hour."""
    query = select(traffic_minutes).where(
        traffic_minutes.c.minute >= since, traffic_minutes.c.minute < before, _MINUTE % HOUR != 0
    )
    query = query.order_by(traffic_minutes.c.minute, traffic_minutes.c.channel).limit(limit)
    if supports_skip_locked(tx):
        query = query.with_for_update(skip_locked=True)
    rows = tx.execute(query).all()
    hours: dict[tuple[datetime, str], list[int]] = {}
    for row in rows:
        hour = row.minute.replace(minute=0)
        sums = hours.setdefault((hour, row.channel), [0] * len(COUNTS))
        for place, name in enumerate(COUNTS):
            sums[place] += getattr(row, name)
    _delete(tx, [(row.minute, row.channel) for row in rows])
    _add(tx, [Minute(hour, channel, tuple(sums)) for (hour, channel), sums in hours.items()])
    return len(rows)


def delete_old_traffic(tx: Connection, before: datetime, *, limit: int) -> int:
    """Delete what is older; return how many rows that were."""
    columns = (traffic_minutes.c.minute, traffic_minutes.c.channel)
    query = select(*columns).where(traffic_minutes.c.minute < before).order_by(*columns).limit(limit)
    if supports_skip_locked(tx):
        query = query.with_for_update(skip_locked=True)
    keys = [(row.minute, row.channel) for row in tx.execute(query)]
    _delete(tx, keys)
    return len(keys)


def _delete(tx: Connection, keys: Sequence[tuple[Any, str]]) -> None:
    if keys:
        table = traffic_minutes
        tx.execute(table.delete().where(tuple_(table.c.minute, table.c.channel).in_(keys)))


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
