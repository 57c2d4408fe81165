"""Rejections: refused deliveries with the evidence a person needs to find out why.

They come from anybody, so their number is bounded for each channel and their bytes for each row: nobody can push out what
was refused on another channel, or fill the store. Inside a channel the callers share the place: who has most rows loses the
oldest of them first. Those for channels that do not exist share one place.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    func,
    or_,
    select,
)

from app.core.storable import storable
from app.security.addresses import address_group
from app.storage.database.db import Blob, ExactText, UtcDateTime, metadata
from app.storage.database.newest import newest_of_each

MOST_PER_CHANNEL = 2_000
MOST_BODY_BYTES = 4096
MOST_HEADERS = 40
LONGEST_HEADER = 512
MOST_HEADER_CHARACTERS = 8192
PRUNE_EVERY = 64
"""About so many more than MOST_PER_CHANNEL may stand there for a moment; looking each time would cost more than it saves."""

MOST_AT_ONCE = 500
"""Rows in one DELETE: databases bound how many values a statement may have."""

NO_CHANNEL = "(unknown)"
"""Stands for every channel that does not exist; no channel can be called so, and the path tells what was asked for."""

rejections = Table(
    "rejections",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("channel", ExactText(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("error", String(64), nullable=False),
    Column("reason", ExactText(255), nullable=False),
    Column("method", String(16), nullable=False),
    Column("path", ExactText(255), nullable=False),
    Column("remote_addr", String(64), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("headers", Blob, nullable=False),
    Column("body_start", Blob, nullable=False),
    Column("body_length", Integer, nullable=False),
    Column("trace_id", String(32), nullable=False),
    Index("ix_rejections_channel", "channel", "id"),
)


@dataclass(frozen=True, slots=True)
class NewRejection:
    """A refused delivery; headers and body are redacted before they come here.

    `body` is its beginning, or all of it; `body_length` is the length of what came where `body` is not all of that.
    """

    channel: str
    status: int
    error: str
    reason: str
    method: str
    path: str
    remote_addr: str
    received_at: datetime
    headers: tuple[tuple[str, str], ...]
    body: bytes
    trace_id: str
    body_length: int | None = None


def insert_rejection(tx: Connection, new: NewRejection) -> None:
    """Store a rejection, and now and then drop those of its channel beyond the cap (relies on ix_rejections_channel)."""
    channel = storable(new.channel, 64)
    tx.execute(
        rejections.insert().values(
            channel=channel,
            status=new.status,
            error=storable(new.error, 64),
            reason=storable(new.reason, 255),
            method=storable(new.method, 16),
            path=storable(new.path, 255),
            remote_addr=storable(new.remote_addr, 64),
            received_at=new.received_at,
            headers=orjson.dumps(_bounded(new.headers)),
            body_start=new.body[:MOST_BODY_BYTES],
            body_length=len(new.body) if new.body_length is None else new.body_length,
            trace_id=storable(new.trace_id, 32),
        )
    )
    # Not each 64th id: ids of one channel may all be odd, with two channels in turn or a database that counts in twos.
    if secrets.randbelow(PRUNE_EVERY) == 0:
        drop_beyond_cap(tx, channel)


def drop_beyond_cap(tx: Connection, channel: str) -> int:
    """Drop the rejections of a channel beyond its share; return how many.

    Every caller (an IPv6 /64 is one) keeps its newest ones, as many as there is place for when all have the same share.
    """
    own = select(rejections.c.id, rejections.c.remote_addr).where(rejections.c.channel == channel)
    rows = [
        (row.id, address_group(row.remote_addr)) for row in tx.execute(own.order_by(rejections.c.id.desc()))
    ]
    beyond = _beyond_share(rows)
    for start in range(0, len(beyond), MOST_AT_ONCE):
        tx.execute(rejections.delete().where(rejections.c.id.in_(beyond[start : start + MOST_AT_ONCE])))
    return len(beyond)


def _beyond_share(rows: Sequence[tuple[int, str]]) -> list[int]:
    """Return the ids that have to go; `rows` are ids and callers, newest first."""
    if len(rows) <= MOST_PER_CHANNEL:
        return []
    share = _equal_share(Counter(caller for _, caller in rows).values(), MOST_PER_CHANNEL)
    kept: Counter[str] = Counter()
    beyond, places = [], MOST_PER_CHANNEL
    for identifier, caller in rows:
        if kept[caller] < share and places > 0:
            kept[caller] += 1
            places -= 1
        else:
            beyond.append(identifier)
    return beyond


def _equal_share(counts: Iterable[int], places: int) -> int:
    """Return how many places each caller may have, so that those with fewer keep all of theirs; one at least."""
    smallest_first = sorted(counts)
    for position, count in enumerate(smallest_first):
        callers = len(smallest_first) - position
        if count * callers >= places:
            return max(1, places // callers)
        places -= count
    return max(1, *smallest_first)


def _bounded(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the first headers, each cut, as many as fit; half characters are replaced."""
    kept, left = [], MOST_HEADER_CHARACTERS
    for name, value in headers[:MOST_HEADERS]:
        pair = (storable(name, 128), storable(value, LONGEST_HEADER))
        left -= len(pair[0]) + len(pair[1])
        if left < 0:
            break
        kept.append(pair)
    return kept


def delete_old_rejections(tx: Connection, before: datetime, *, limit: int) -> int:
    """Delete rejections received before a time, of the `limit` oldest ones; return how many. Ids follow time."""
    oldest = select(rejections.c.id, rejections.c.received_at).order_by(rejections.c.id).limit(limit)
    old = [row.id for row in tx.execute(oldest) if row.received_at < before]
    if not old:
        return 0
    return tx.execute(rejections.delete().where(rejections.c.id.in_(old))).rowcount


def list_rejections(
    tx: Connection,
    *,
    channel: str | None,
    before: int | None,
    limit: int,
    since: datetime | None = None,
    word: str | None = None,
) -> Sequence[Row[Any]]:
    """Return rejections, newest first, with ids below `before`; `word` is what their reasons begin with."""
    query = select(rejections).where(*_narrowed(channel, since, word))
    if before is not None:
        query = query.where(rejections.c.id < before)
    return tx.execute(query.order_by(rejections.c.id.desc()).limit(limit)).all()


def find_rejection(tx: Connection, rejection_id: int) -> Row[Any] | None:
    """Return one rejection."""
    return tx.execute(select(rejections).where(rejections.c.id == rejection_id)).one_or_none()


def count_rejections(
    tx: Connection, *, channel: str | None, since: datetime | None, newest: int
) -> Sequence[Row[Any]]:
    """Return how many of the newest rejections have the same channel, word and reason, and the first and the last of them."""
    own = rejections.c
    looked_at = (
        select(own.id, own.channel, own.error, own.reason, own.received_at)
        .where(*_narrowed(channel, since, None))
        .order_by(own.id.desc())
        .limit(newest)
        .subquery("looked_at")
    )
    found = looked_at.c
    same = (found.channel, found.error, found.reason)
    query = select(
        *same,
        func.count().label("count"),
        func.max(found.id).label("last_id"),
        func.min(found.received_at).label("first_at"),
        func.max(found.received_at).label("last_at"),
    )
    return tx.execute(query.group_by(*same)).all()


def _narrowed(channel: str | None, since: datetime | None, word: str | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if channel is not None:
        conditions.append(rejections.c.channel == channel)
    if since is not None:
        conditions.append(rejections.c.received_at >= since)
    if word is not None:
        conditions.append(
            or_(rejections.c.reason == word, rejections.c.reason.startswith(f"{word}:", autoescape=True))
        )
    return conditions


def newest_rejections(tx: Connection, channels: Iterable[str]) -> dict[str, Row[Any]]:
    """Return reason and time of each channel's newest rejection, where it has one (relies on ix_rejections_channel)."""
    columns = (rejections.c.channel, rejections.c.id, rejections.c.reason, rejections.c.received_at)
    return newest_of_each(tx, columns, rejections.c.id, channels)


def newest_rejection_at(tx: Connection) -> datetime | None:
    """Return when something was last refused, on whatever channel."""
    newest = select(rejections.c.received_at).order_by(rejections.c.id.desc()).limit(1)
    return tx.execute(newest).scalar_one_or_none()


def recent_reasons(tx: Connection, channel: str, since: datetime, *, limit: int) -> Sequence[str]:
    """Return why a channel's newest deliveries were refused, `limit` of them at most, newest first (relies on ix_rejections_channel)."""
    newest = select(rejections.c.reason, rejections.c.received_at).where(rejections.c.channel == channel)
    rows = tx.execute(newest.order_by(rejections.c.id.desc()).limit(limit))
    return [row.reason for row in rows if row.received_at >= since]
