"""Dispatches that fail at the moment, for whoever watches: read by index, no further back and no more than asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, literal_column, select

from app.core.identifiers import first_id
from app.core.states import DispatchState
from app.storage.inbox.events import events
from app.storage.queue.dispatches import attempts, dispatches, queue

_DEAD: ColumnElement[str] = literal_column(f"'{DispatchState.DEAD.value}'")
"""Written out: a partial index is only looked at for a value that is known when the question is planned."""


class Trouble(NamedTuple):
    """A dispatch that failed, what its event is, and the error of its last attempt."""

    event_id: str
    channel: str
    scheme: str
    route: str
    error: str | None


def list_retrying(tx: Connection, since: datetime, *, limit: int) -> Sequence[Trouble]:
    """Return dispatches stored since a time that failed and wait for their next try, of the `limit` newest ones.

    Ids follow time, so the newest are at the end of the queue's own index, however much waits there.
    """
    newest = (
        select(queue.c.id, queue.c.event_id, queue.c.route, queue.c.state, queue.c.attempt)
        .where(queue.c.id >= first_id(since))
        .order_by(queue.c.id.desc())
        .limit(limit)
        .subquery()
    )
    last = and_(attempts.c.dispatch_id == newest.c.id, attempts.c.number == newest.c.attempt)
    query = (
        select(events.c.id, events.c.channel, events.c.scheme, newest.c.route, attempts.c.error)
        .select_from(newest.join(events, events.c.id == newest.c.event_id).outerjoin(attempts, last))
        .where(newest.c.state == DispatchState.RETRYING.value)
        .order_by(newest.c.id.desc())
    )
    return _troubles(tx, query)


def list_died(tx: Connection, since: datetime, *, limit: int) -> Sequence[Trouble]:
    """Return dispatches that died since a time and were not made due again, newest first (relies on ix_dispatches_died)."""
    last = and_(attempts.c.dispatch_id == dispatches.c.id, attempts.c.number == dispatches.c.attempt)
    is_due_again = exists().where(queue.c.id == dispatches.c.id)
    query = (
        select(events.c.id, events.c.channel, events.c.scheme, dispatches.c.route, attempts.c.error)
        .select_from(dispatches.join(events, events.c.id == dispatches.c.event_id).outerjoin(attempts, last))
        .where(dispatches.c.state == _DEAD, dispatches.c.finished_at >= since, ~is_due_again)
        .order_by(dispatches.c.finished_at.desc())
        .limit(limit)
    )
    return _troubles(tx, query)


def _troubles(tx: Connection, query: Select[tuple[str, str, str, str, str | None]]) -> Sequence[Trouble]:
    return [Trouble._make(row) for row in tx.execute(query)]
