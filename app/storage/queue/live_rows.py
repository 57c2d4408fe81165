"""What has changed since somebody looked last, each by an index and no more than a few rows. Nothing is written here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.storage.database.db import only_by_index
from app.storage.inbox.events import events
from app.storage.inbox.rejections import rejections
from app.storage.queue.event_states import shown_state


def events_since(tx: Connection, since: datetime, *, limit: int) -> Sequence[Any]:
    """Return the newest events received at a time or later, newest first (relies on ix_events_received_at)."""
    only_by_index(tx)
    own = events.c
    columns = (own.id, own.channel, own.type, own.subject, own.received_at, shown_state())
    query = select(*columns).where(own.received_at >= since)
    return tx.execute(query.order_by(own.received_at.desc(), own.id.desc()).limit(limit)).all()


def states_of_events(tx: Connection, event_ids: Collection[str]) -> dict[str, str]:
    """Return the states of these events; those that are gone are left out."""
    query = select(events.c.id, shown_state()).where(events.c.id.in_(tuple(event_ids)))
    return {row.id: row.state for row in tx.execute(query)}


def newest_rejection(tx: Connection) -> int:
    """Return the number of the newest rejection, 0 where there is none."""
    found = tx.execute(select(rejections.c.id).order_by(rejections.c.id.desc()).limit(1)).scalar_one_or_none()
    return int(found or 0)


def rejections_after(tx: Connection, number: int, *, limit: int) -> Sequence[Any]:
    """Return the newest rejections with higher numbers, newest first."""
    own = rejections.c
    query = select(own.id, own.channel, own.error, own.received_at).where(own.id > number)
    return tx.execute(query.order_by(own.id.desc()).limit(limit)).all()


def rejections_since(tx: Connection, since: datetime, *, limit: int) -> Sequence[Any]:
    """Return the newest rejections received at a time or later, of the newest `limit` ones; ids follow time."""
    return [row for row in rejections_after(tx, 0, limit=limit) if row.received_at >= since]
