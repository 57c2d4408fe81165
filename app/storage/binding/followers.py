"""Followers: what is known about one person on one channel, kept even before and without a binding.

An unsubscribe that arrives before the bind it follows counts because of this table. Whether somebody follows is decided
by the platform's own time; at the same time by the receipt, then by the event id. That is a total order over the stored
events, so the result does not depend on the order in which they are worked on, nor on how often.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, Row, String, Table, and_, or_, select

from app.storage.database.db import ExactText, UtcDateTime, insert_once, metadata, supports_skip_locked

followers = Table(
    "followers",
    metadata,
    Column("channel", ExactText(64), primary_key=True),
    Column("open_id", ExactText(255), primary_key=True),
    Column("union_id", ExactText(255)),
    # Null: nothing that happened said whether this person follows.
    Column("subscribed", Boolean),
    # The platform's own time of the last follow or leave that counted, then what decides at the same time.
    Column("subscription_at", UtcDateTime),
    Column("subscription_received_at", UtcDateTime),
    Column("subscription_event", String(32)),
    Column("wrong_guesses", Integer, nullable=False),
    Column("guessing_since", UtcDateTime),
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One follow or leave, and what places it in time."""

    subscribed: bool
    at: datetime
    received_at: datetime
    event_id: str


def lock_follower(tx: Connection, channel: str, open_id: str) -> Row[Any]:
    """Return a person's row, made if need be, locked until the transaction ends: one event of a person at a time."""
    row = _find_locked(tx, channel, open_id)
    if row is None:
        _ensure(tx, channel, open_id)
        row = _find_locked(tx, channel, open_id)
    if row is None:
        raise LookupError("a follower's row vanished while it was locked")
    return row


def _find_locked(tx: Connection, channel: str, open_id: str) -> Row[Any] | None:
    query = select(followers).where(_is(channel, open_id))
    # SQLite has one writer anyway.
    if supports_skip_locked(tx):
        query = query.with_for_update()
    return tx.execute(query).one_or_none()


def _ensure(tx: Connection, channel: str, open_id: str) -> None:
    """Insert the row unless it is there.

    On MariaDB a refused plain INSERT keeps a shared lock, and two that hold one and both want to write are a deadlock;
    this form takes the exclusive lock at once.
    """
    values = {"channel": channel, "open_id": open_id, "wrong_guesses": 0}
    if tx.dialect.name in ("mysql", "mariadb"):
        from sqlalchemy.dialects import mysql

        insert = mysql.insert(followers).values(**values)
        tx.execute(insert.on_duplicate_key_update(open_id=followers.c.open_id))
    else:
        insert_once(tx, followers, values)


def note_subscription(tx: Connection, channel: str, open_id: str, said: Subscription) -> bool:
    """Write whether somebody follows, unless a later event already said so; return whether it was written."""
    known = followers.c
    at_same_time = and_(known.subscription_at == said.at, known.subscription_received_at == said.received_at)
    is_later = or_(
        known.subscription_at.is_(None),
        known.subscription_at < said.at,
        and_(known.subscription_at == said.at, known.subscription_received_at < said.received_at),
        and_(at_same_time, known.subscription_event < said.event_id),
    )
    changed = tx.execute(
        followers.update()
        .where(_is(channel, open_id), is_later)
        .values(
            subscribed=said.subscribed,
            subscription_at=said.at,
            subscription_received_at=said.received_at,
            subscription_event=said.event_id,
        )
    ).rowcount
    return bool(changed)


def note_union_id(tx: Connection, channel: str, open_id: str, union_id: str) -> None:
    """Keep the id that joins a person's OpenIDs; it never changes for one person of one account."""
    tx.execute(followers.update().where(_is(channel, open_id)).values(union_id=union_id))


def set_wrong_guesses(tx: Connection, channel: str, open_id: str, *, count: int, since: datetime) -> None:
    """Write how many wrong codes a person typed since a time."""
    tx.execute(
        followers.update().where(_is(channel, open_id)).values(wrong_guesses=count, guessing_since=since)
    )


def _is(channel: str, open_id: str) -> Any:
    return and_(followers.c.channel == channel, followers.c.open_id == open_id)
