"""What notifications remember: what became of each event, events that wait to become one message, and what was said last.

One row of `notification_marks` with an empty key stands for the notification as a whole: who locks it decides alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    func,
    select,
)

from app.core.states import NotificationOutcome
from app.storage.database.db import ExactText, UtcDateTime, metadata, microseconds, supports_skip_locked
from app.storage.database.many_rows import insert_rows_once

notification_events = Table(
    "notification_events",
    metadata,
    Column("name", ExactText(64), nullable=False),
    Column("event_id", String(32), ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("outcome", String(16), nullable=False),
    # The attempt in which it was decided; an operator's replay has a later one.
    Column("attempt", Integer, nullable=False),
    # Those that become one message have the id of the event that waits for it.
    Column("waits_with", String(32)),
    Column("message_id", String(32)),
    Column("decided_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("name", "event_id"),
    Index("ix_notification_events_event_id", "event_id"),
    Index("ix_notification_events_waits_with", "waits_with"),
)

notification_marks = Table(
    "notification_marks",
    metadata,
    # SHA-256 of the notification's name and the key; a key may be somebody's id.
    Column("id", String(64), primary_key=True),
    # SHA-256 of the value that was said last.
    Column("value", String(64)),
    Column("counted_from", UtcDateTime),
    Column("counted", Integer, nullable=False),
    # Which event collects the others, and until when.
    Column("collects", String(32)),
    Column("collects_until", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
    Index("ix_notification_marks_changed_at", "changed_at"),
)

NO_KEY = ""


class Decision(NamedTuple):
    """What became of an event in a notification."""

    outcome: NotificationOutcome
    attempt: int
    waits_with: str | None = None
    message_id: str | None = None


class Mark(NamedTuple):
    """What is remembered for one key of a notification; its row is locked until the transaction ends."""

    id: str
    value: str | None
    counted_from: datetime | None
    counted: int
    collects: str | None
    collects_until: datetime | None


def digest_of(*texts: str) -> str:
    """Return what stands for texts that are not kept themselves."""
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def lock_mark(tx: Connection, name: str, key: str, now: datetime) -> Mark:
    """Return what is remembered for a key, and keep others from changing it."""
    mark_id = digest_of(name, key)
    found = _locked(tx, mark_id)
    if found is None:
        insert_rows_once(
            tx, notification_marks, ("id", "counted", "changed_at"), [(mark_id, 0, microseconds(now))]
        )
        found = _locked(tx, mark_id)
    return found or Mark(mark_id, None, None, 0, None, None)


def _locked(tx: Connection, mark_id: str) -> Mark | None:
    query = select(notification_marks).where(notification_marks.c.id == mark_id)
    if supports_skip_locked(tx):
        query = query.with_for_update()
    row = tx.execute(query).first()
    if row is None:
        return None
    return Mark(row.id, row.value, row.counted_from, row.counted, row.collects, row.collects_until)


def write_mark(tx: Connection, mark: Mark, now: datetime) -> None:
    """Write what is remembered from now on."""
    values = {**mark._asdict(), "changed_at": now}
    del values["id"]
    tx.execute(notification_marks.update().where(notification_marks.c.id == mark.id).values(values))


def find_decision(tx: Connection, name: str, event_id: str) -> Decision | None:
    """Return what became of an event, None when nothing was decided yet."""
    row = tx.execute(
        select(notification_events).where(
            notification_events.c.name == name, notification_events.c.event_id == event_id
        )
    ).first()
    if row is None:
        return None
    return Decision(NotificationOutcome(row.outcome), row.attempt, row.waits_with, row.message_id)


def write_decision(tx: Connection, name: str, event_id: str, decision: Decision, now: datetime) -> None:
    """Write what becomes of an event, in the place of what was decided before."""
    is_this = (notification_events.c.name == name) & (notification_events.c.event_id == event_id)
    values = {
        "outcome": decision.outcome.value,
        "attempt": decision.attempt,
        "waits_with": decision.waits_with,
        "message_id": decision.message_id,
        "decided_at": now,
    }
    if tx.execute(notification_events.update().where(is_this).values(values)).rowcount == 0:
        tx.execute(notification_events.insert().values(name=name, event_id=event_id, **values))


def collected_events(tx: Connection, name: str, collector: str, *, limit: int) -> Sequence[str]:
    """Return the ids of the events that become one message with this one, in the order in which they came."""
    query = select(notification_events.c.event_id).where(
        notification_events.c.name == name, notification_events.c.waits_with == collector
    )
    return (
        tx.execute(
            query.order_by(notification_events.c.decided_at, notification_events.c.event_id).limit(limit)
        )
        .scalars()
        .all()
    )


def mark_collected(tx: Connection, name: str, collector: str, message_id: str) -> None:
    """Write which message the events that were collected became."""
    tx.execute(
        notification_events.update()
        .where(notification_events.c.name == name, notification_events.c.waits_with == collector)
        .values(message_id=message_id, outcome=NotificationOutcome.SENT.value)
    )


def count_outcomes(tx: Connection, since: datetime) -> dict[tuple[str, str], int]:
    """Return how many events of each notification ended how."""
    table = notification_events
    query = select(table.c.name, table.c.outcome, func.count()).where(table.c.decided_at >= since)
    return {
        (name, outcome): count
        for name, outcome, count in tx.execute(query.group_by(table.c.name, table.c.outcome))
    }


def forget_old_marks(tx: Connection, before: datetime, *, limit: int) -> int:
    """Delete what nothing was said about for long; return how many rows that were."""
    query = select(notification_marks.c.id).where(notification_marks.c.changed_at < before).limit(limit)
    if supports_skip_locked(tx):
        query = query.with_for_update(skip_locked=True)
    old = list(tx.execute(query).scalars())
    if not old:
        return 0
    return tx.execute(notification_marks.delete().where(notification_marks.c.id.in_(old))).rowcount
