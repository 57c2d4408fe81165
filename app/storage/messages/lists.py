"""Messages as they are looked at: lists, one with its channels and recipients, counts. Nothing is written here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, literal, or_, select, tuple_

from app.core.states import MessageState
from app.storage.messages.tables import message_channels, message_recipients, messages

Key = tuple[int, int, int]
"""Position, number and part: where a recipient stands in a message's list."""


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What to list; every member narrows the list."""

    state: MessageState | None = None
    channel: str | None = None
    since: datetime | None = None


def list_messages(
    tx: Connection, wanted: MessageFilter, *, before: tuple[datetime, str] | None, limit: int
) -> Sequence[Row[Any]]:
    """Return messages, newest first (relies on ix_messages_created_at and ix_messages_state_created_at)."""
    own = messages.c
    query = select(messages)
    if wanted.state is not None:
        query = query.where(own.state == wanted.state.value)
    if wanted.since is not None:
        query = query.where(own.created_at >= wanted.since)
    if wanted.channel is not None:
        goes_there = select(literal(1)).where(
            message_channels.c.message_id == own.id, message_channels.c.channel == wanted.channel
        )
        query = query.where(goes_there.exists())
    if before is not None:
        at, message_id = before
        query = query.where(
            own.created_at <= at, or_(own.created_at < at, and_(own.created_at == at, own.id < message_id))
        )
    return tx.execute(query.order_by(own.created_at.desc(), own.id.desc()).limit(limit)).all()


def find_message(tx: Connection, message_id: str) -> Row[Any] | None:
    """Return one message."""
    return tx.execute(select(messages).where(messages.c.id == message_id)).one_or_none()


def find_message_state(tx: Connection, message_id: str) -> MessageState | None:
    """Return where one message stands."""
    state = tx.execute(select(messages.c.state).where(messages.c.id == message_id)).scalar_one_or_none()
    return None if state is None else MessageState(state)


def list_channels_of(tx: Connection, message_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Return the channels of messages, in their order."""
    own = message_channels.c
    query = select(message_channels).where(own.message_id.in_(tuple(message_ids)))
    return tx.execute(query.order_by(own.message_id, own.position)).all()


def count_recipients(tx: Connection, message_ids: Collection[str]) -> Sequence[Any]:
    """Return how many rows of recipients are in each state, by message and channel."""
    own = message_recipients.c
    keys = (own.message_id, own.position, own.state)
    query = select(*keys, func.count().label("count")).where(own.message_id.in_(tuple(message_ids)))
    return tx.execute(query.group_by(*keys)).all()


def list_recipients(tx: Connection, message_id: str, *, after: Key | None, limit: int) -> Sequence[Row[Any]]:
    """Return the recipients of a message, part by part, from a place on."""
    own = message_recipients.c
    query = select(message_recipients).where(own.message_id == message_id)
    if after is not None:
        query = query.where(tuple_(own.position, own.number, own.part) > tuple_(*map(literal, after)))
    return tx.execute(query.order_by(own.position, own.number, own.part).limit(limit)).all()


def messages_since(tx: Connection, since: datetime, *, limit: int) -> Sequence[Any]:
    """Return the newest messages asked for at a time or later, newest first (relies on ix_messages_created_at)."""
    own = messages.c
    query = select(own.id, own.state, own.created_at).where(own.created_at >= since)
    return tx.execute(query.order_by(own.created_at.desc(), own.id.desc()).limit(limit)).all()


def states_of_messages(tx: Connection, message_ids: Collection[str]) -> dict[str, str]:
    """Return where these messages stand; those that are gone are left out."""
    query = select(messages.c.id, messages.c.state).where(messages.c.id.in_(tuple(message_ids)))
    return {row.id: row.state for row in tx.execute(query)}
