"""Events: what happened, once per channel and key, with the exact bytes that said so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    literal,
    select,
)

from app.core.exact_json import read_json, write_json
from app.core.states import EventState
from app.core.values import Event
from app.storage.database.db import Blob, ExactText, UtcDateTime, metadata, microseconds
from app.storage.database.newest import newest_of_each

events = Table(
    "events",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("channel", ExactText(64), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("type", ExactText(255), nullable=False),
    Column("key", ExactText(255), nullable=False),
    # Holds the key while it may not be claimed again; null once the window has passed, or where there is no key.
    Column("claim", ExactText(255)),
    Column("subject", ExactText(255)),
    # What lasts of it: succeeded, ignored or dead; while a dispatch waits or runs, the queue says more (queue/event_states.py).
    Column("state", String(16), nullable=False),
    Column("duplicates", Integer, nullable=False, default=0),
    Column("occurred_at", UtcDateTime),
    Column("received_at", UtcDateTime, nullable=False),
    Column("remote_addr", String(64), nullable=False),
    Column("scheme", String(64), nullable=False),
    Column("version", String(8), nullable=False),
    Column("query_string", Blob),
    Column("headers", Blob),
    Column("body", Blob),
    Column("data", Blob),
    # What was masked above (a JSON list), and what stood there, sealed; both null where no credential came.
    Column("masked", Blob),
    Column("sealed", Blob),
    # What stood behind the channel's name in the address; null where nothing did, as with most events.
    Column("path_rest", Blob),
    # The span in which it was taken; null where a trace began with its own id, as with most events.
    Column("traceparent", String(64)),
    UniqueConstraint("channel", "claim"),
    Index("ix_events_received_at", "received_at", "id"),
    Index("ix_events_channel_received_at", "channel", "received_at"),
    Index("ix_events_state_received_at", "state", "received_at"),
    Index("ix_events_type_received_at", "type", "received_at"),
)

# Many platforms' events are about nobody, and those cost nothing here; MariaDB's index holds them too.
Index(
    "ix_events_subject",
    events.c.subject,
    events.c.received_at,
    postgresql_where=events.c.subject.is_not(None),
    sqlite_where=events.c.subject.is_not(None),
)

SUMMARY = (
    "id", "channel", "platform", "type", "key", "subject", "state", "received_at", "occurred_at", "duplicates",
)  # fmt: skip

_SEEN = tuple(column for column in events.c if column.name != "sealed")
"""What handlers see of an event; what is sealed is only read to prove it again."""

REPLAYABLE = (
    *(events.c[name] for name in ("id", "channel", "platform", "type", "version", "received_at")),
    events.c.body.is_(None).label("is_pruned"),
)


class NewEvent(NamedTuple):
    """An event about to be stored, with the evidence beside it; `sealed` is what was masked, as it came."""

    event: Event
    claims_key: bool
    state: EventState
    remote_addr: str
    scheme: str
    sealed: bytes | None = None


_HOLDERS = select(events.c.id, events.c.claim, events.c.received_at).where(
    events.c.channel == bindparam("of_channel"), events.c.claim.in_(bindparam("keys", expanding=True))
)
_COUNT_COPIES = (
    events.update()
    .where(events.c.id.in_(bindparam("ids", expanding=True)))
    .values(duplicates=events.c.duplicates + bindparam("more"))
)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What to list; every member narrows the list. Types may hold `*`; `subject` is exact, `text` is a part of a name."""

    channel: str | None = None
    type: str | None = None
    subject: str | None = None
    state: EventState | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Holder(NamedTuple):
    """The event that holds a key."""

    id: str
    received_at: datetime


def find_holders(tx: Connection, repeated: Iterable[Event]) -> dict[tuple[str, str], Holder]:
    """Return who holds the keys of these events, by channel and key."""
    keys: dict[str, set[str]] = defaultdict(set)
    for event in repeated:
        keys[event.channel].add(event.key)
    found = {}
    for channel, wanted in keys.items():
        for row in tx.execute(_HOLDERS, {"of_channel": channel, "keys": sorted(wanted)}):
            found[channel, row.claim] = Holder(row.id, row.received_at)
    return found


def give_claim_up(tx: Connection, event_id: str) -> None:
    """Let a key be claimed again, so that a platform that reuses ids is not silenced for ever."""
    tx.execute(events.update().where(events.c.id == event_id).values(claim=None))


def count_copies(tx: Connection, event_ids: Iterable[str]) -> None:
    """Count a copy for each mention of an event; always in the same order, so that two counters never deadlock."""
    ids_by_count: dict[int, list[str]] = defaultdict(list)
    for event_id, count in sorted(Counter(event_ids).items()):
        ids_by_count[count].append(event_id)
    for count, ids in sorted(ids_by_count.items()):
        tx.execute(_COUNT_COPIES, {"ids": ids, "more": count})


class EventRow(NamedTuple):
    """An event's columns as the driver takes them, in the order of the table."""

    id: str
    channel: str
    platform: str
    type: str
    key: str
    claim: str | None
    subject: str | None
    state: str
    duplicates: int
    occurred_at: int | None
    received_at: int
    remote_addr: str
    scheme: str
    version: str
    query_string: bytes
    headers: bytes
    body: bytes
    data: bytes
    masked: bytes | None = None
    sealed: bytes | None = None
    path_rest: bytes | None = None
    traceparent: str | None = None


PLAIN_COLUMNS = EventRow._fields[:-4]
"""All but what is masked and sealed, the rest of the address, and a trace that somebody else began."""


def rows_to_insert(rows: Sequence[EventRow]) -> tuple[tuple[str, ...], Sequence[tuple[Any, ...]]]:
    """Return the columns and the rows of one insert; four columns fewer where they are empty, as with most events."""
    if any(row.masked or row.path_rest or row.traceparent for row in rows):
        return EventRow._fields, rows
    width = len(PLAIN_COLUMNS)
    return PLAIN_COLUMNS, [row[:width] for row in rows]


def event_row(new: NewEvent) -> EventRow:
    """Return an event's columns."""
    event = new.event
    return EventRow(
        event.id,
        event.channel,
        event.platform,
        event.type,
        event.key,
        event.key if new.claims_key else None,
        event.subject,
        new.state.value,
        duplicates=0,
        occurred_at=None if event.occurred_at is None else microseconds(event.occurred_at),
        received_at=microseconds(event.received_at),
        remote_addr=new.remote_addr,
        scheme=new.scheme,
        version=event.version,
        query_string=_address_bytes(event.query_string),
        headers=write_json(event.headers),
        body=event.raw,
        data=write_json(event.data),
        masked=orjson.dumps(event.masked) if event.masked else None,
        sealed=new.sealed,
        path_rest=_address_bytes(event.path_rest) if event.path_rest else None,
        traceparent=event.traceparent or None,
    )


def _address_bytes(text: str) -> bytes:
    """Return the bytes of a query or a path; half a character, which no server hands over, becomes a question mark."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def find_event(tx: Connection, event_id: str) -> Event | None:
    """Return one event as handlers see it; its body is empty once retention has taken it."""
    row = tx.execute(select(*_SEEN).where(events.c.id == event_id)).one_or_none()
    return None if row is None else event_from_row(row)


def find_events(tx: Connection, event_ids: Iterable[str]) -> dict[str, Event]:
    """Return several events by their ids; those that are gone are left out."""
    rows = tx.execute(select(*_SEEN).where(events.c.id.in_(set(event_ids))))
    return {row.id: event_from_row(row) for row in rows}


def event_from_row(row: Row[Any]) -> Event:
    """Build the value from a whole row."""
    return Event(
        id=row.id,
        channel=row.channel,
        platform=row.platform,
        type=row.type,
        key=row.key,
        subject=row.subject,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        data=read_json(bytes(row.data)) if row.data else {},
        raw=bytes(row.body) if row.body is not None else b"",
        headers=tuple((name, value) for name, value in orjson.loads(row.headers)) if row.headers else (),
        query_string=_address_text(row.query_string),
        version=row.version,
        masked=tuple(orjson.loads(row.masked)) if row.masked else (),
        path_rest=_address_text(row.path_rest),
        traceparent=row.traceparent or "",
    )


def _address_text(stored: bytes | None) -> str:
    return bytes(stored).decode("utf-8", "surrogateescape") if stored else ""


def find_event_row(tx: Connection, event_id: str) -> Row[Any] | None:
    """Return everything stored about one event."""
    return tx.execute(select(events).where(events.c.id == event_id)).one_or_none()


def find_replayable(tx: Connection, event_id: str) -> Row[Any] | None:
    """Return what a replay needs to know of one event."""
    return tx.execute(select(*REPLAYABLE).where(events.c.id == event_id)).one_or_none()


def recent_senders(tx: Connection, channels: Iterable[str], *, limit: int) -> set[tuple[str, str]]:
    """Return the addresses and proof schemes of each channel's newest events (relies on ix_events_channel_received_at)."""
    found: set[tuple[str, str]] = set()
    for channel in channels:
        own = select(events.c.remote_addr, events.c.scheme).where(events.c.channel == channel)
        newest = own.order_by(events.c.received_at.desc()).limit(limit)
        found |= {(row.remote_addr, row.scheme) for row in tx.execute(newest)}
    return found


def recent_types(tx: Connection, *, limit: int) -> list[str]:
    """Return the types of the newest events, each once (relies on ix_events_received_at)."""
    newest = select(events.c.type).order_by(events.c.received_at.desc(), events.c.id.desc()).limit(limit)
    return sorted(set(tx.execute(newest).scalars()))


def newest_events(tx: Connection, channels: Iterable[str]) -> dict[str, Row[Any]]:
    """Return id, type and time of each channel's newest event, where it has one (relies on ix_events_channel_received_at)."""
    columns = (events.c.channel, events.c.id, events.c.type, events.c.received_at)
    return newest_of_each(tx, columns, events.c.received_at, channels)


def count_received(
    tx: Connection, channel: str, since: datetime, *, until: datetime | None = None, limit: int
) -> int:
    """Return how many events a channel took in a time, counted to `limit` (relies on ix_events_channel_received_at)."""
    found = select(literal(1)).where(events.c.channel == channel, events.c.received_at >= since)
    if until is not None:
        found = found.where(events.c.received_at < until)
    return int(tx.execute(select(func.count()).select_from(found.limit(limit).subquery())).scalar_one())


def newest_received_at(tx: Connection, channel: str) -> datetime | None:
    """Return when a channel's newest event came, None when it never had one (relies on ix_events_channel_received_at)."""
    newest = select(events.c.received_at).where(events.c.channel == channel)
    return tx.execute(newest.order_by(events.c.received_at.desc()).limit(1)).scalar_one_or_none()
