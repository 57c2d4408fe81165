"""How far a replay has come, counted where little stands: what waits in the queue, and what is dead.

Nothing is written for it. What a replay let run is known by its attempts: the first one is a person's, begun since the replay.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, func, or_, select

from app.core.states import DispatchState, Trigger
from app.storage.database.db import only_by_index
from app.storage.inbox.events import EventFilter, events
from app.storage.queue.dispatches import attempts, dispatches, queue
from app.storage.queue.event_lists import filtered


class ReplayCounts(NamedTuple):
    """Dispatches of replays since a time: those that wait, those that are being tried (again), and those that died again."""

    waiting: int
    trying: int
    dead: int


def count_replayed(
    tx: Connection, wanted: EventFilter, *, since: datetime, last_due_at: datetime | None
) -> ReplayCounts:
    """Count what stands open of replays since a time, among the events of a filter (relies on ix_dispatches_dead)."""
    only_by_index(tx)
    own = queue.c
    waits = [
        own.state == DispatchState.PENDING.value,
        own.trigger == Trigger.MANUAL.value,
        own.due_at >= since,
    ]
    if last_due_at is not None:
        waits.append(own.due_at <= last_due_at)
    is_tried = or_(
        and_(own.trigger == Trigger.MANUAL.value, own.started_at >= since), _began_by_hand(queue, since)
    )
    trying = [own.state != DispatchState.PENDING.value, is_tried]
    is_due_again = exists().where(queue.c.id == dispatches.c.id)
    dead = [
        dispatches.c.state == DispatchState.DEAD.value,
        dispatches.c.finished_at >= since,
        ~is_due_again,
        _began_by_hand(dispatches, since),
    ]
    return ReplayCounts(
        _count(tx, queue, wanted, waits),
        _count(tx, queue, wanted, trying),
        _count(tx, dispatches, wanted, dead),
    )


def _began_by_hand(table: Table, since: datetime) -> ColumnElement[bool]:
    return exists().where(
        attempts.c.dispatch_id == table.c.id,
        attempts.c.trigger == Trigger.MANUAL.value,
        attempts.c.started_at >= since,
    )


def _count(tx: Connection, table: Table, wanted: EventFilter, conditions: list[Any]) -> int:
    query: Select[Any] = select(func.count()).select_from(table)
    if wanted != EventFilter():
        query = filtered(
            select(func.count()).select_from(table.join(events, events.c.id == table.c.event_id)), wanted
        )
    return int(tx.execute(query.where(*conditions)).scalar_one())


class TypeCount(NamedTuple):
    """How many events of one channel and type."""

    channel: str
    type: str
    number: int


def count_by_type(tx: Connection, wanted: EventFilter, *, most: int) -> list[TypeCount]:
    """Return how many of the oldest `most` events of a filter are of each channel and type."""
    only_by_index(tx)
    oldest = filtered(select(events.c.channel, events.c.type), wanted)
    first = oldest.order_by(events.c.received_at, events.c.id).limit(most).subquery("oldest")
    query = select(first.c.channel, first.c.type, func.count().label("found"))
    rows = tx.execute(query.group_by(first.c.channel, first.c.type))
    return [TypeCount(row.channel, row.type, row.found) for row in rows]
