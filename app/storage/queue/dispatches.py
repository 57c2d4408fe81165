"""Dispatches: one event on its way to one route, and the attempts made. They are the queue; brokers only hint.

`due_at` is the one column the claim looks at: when a waiting row may start, or when a running row's lease ends.
How a row is claimed is in claims.py, how its attempt is completed in completions.py.

The one rule that leads from the states of an event's dispatches to the state of the event is here too. Whoever changes
dispatches locks their events first, writes, and then lets the states be derived. Two that finish different dispatches of
one event so come one after the other, and the second sees what the first wrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    select,
)

from app.core.states import DispatchState, EventState, Trigger
from app.storage.database.db import Blob, ExactText, UtcDateTime, metadata, microseconds, supports_skip_locked
from app.storage.database.many_rows import insert_rows, insert_rows_once
from app.storage.inbox.events import events

dispatches = Table(
    "dispatches",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("event_id", String(32), ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("route", ExactText(191), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("due_at", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("trigger", String(16), nullable=False),
    Column("result", Blob),
    # Rows of one route with the same key run one after another, in the order of their ids; null: no order.
    Column("order_key", ExactText(191)),
    UniqueConstraint("event_id", "route"),
    Index("ix_dispatches_due_at", "due_at"),
)
Index(
    "ix_dispatches_order",
    dispatches.c.route,
    dispatches.c.order_key,
    dispatches.c.due_at,
    dispatches.c.id,
    postgresql_where=dispatches.c.order_key.is_not(None),
    sqlite_where=dispatches.c.order_key.is_not(None),
)

attempts = Table(
    "attempts",
    metadata,
    Column("dispatch_id", String(32), ForeignKey("dispatches.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("duration_ms", Integer),
    Column("outcome", String(16), nullable=False),
    Column("error", ExactText(1000)),
    Column("trigger", String(16), nullable=False),
    # UTF-8; written by tracebacks.py where a handler failed.
    Column("traceback", Blob),
)

# Built once, here and below: putting a statement together costs more than running it.
_LOCK_EVENTS = (
    select(events.c.id)
    .where(events.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(events.c.id)
    .with_for_update()
)
_STATES = select(dispatches.c.event_id, dispatches.c.state).where(
    dispatches.c.event_id.in_(bindparam("ids", expanding=True))
)
_SET_STATE = (
    events.update()
    .where(events.c.id.in_(bindparam("ids", expanding=True)))
    .values(state=bindparam("new_state"))
)


class NewDispatch(NamedTuple):
    """A dispatch about to be stored; with `lease_until` it starts at `due_at` as this process's first attempt."""

    id: str
    event_id: str
    route: str
    due_at: datetime
    lease_until: datetime | None = None
    order_key: str | None = None
    trigger: str = Trigger.AUTOMATIC.value


class Claim(NamedTuple):
    """The right to run one attempt of one dispatch, until its lease ends."""

    dispatch_id: str
    event_id: str
    route: str
    attempt: int
    started_at: datetime
    trigger: str = "automatic"
    order_key: str | None = None
    is_suspect: bool = False


class _Row(NamedTuple):
    """A new dispatch's columns as the driver takes them; times are microseconds."""

    id: str
    event_id: str
    route: str
    state: str
    attempt: int
    due_at: int
    started_at: int | None
    trigger: str
    order_key: str | None


class AttemptRow(NamedTuple):
    """An attempt's columns as the driver takes them; times are microseconds, `duration_ms` is None when nobody knows."""

    dispatch_id: str
    number: int
    started_at: int
    duration_ms: int | None
    outcome: str
    error: str | None
    trigger: str


def insert_dispatches(tx: Connection, new: Sequence[NewDispatch]) -> None:
    """Store dispatches, of one event or of many."""
    if new:
        insert_rows(tx, dispatches, _Row._fields, [_row(item) for item in new])


def insert_dispatch_once(tx: Connection, new: NewDispatch) -> bool:
    """Store one dispatch unless its event has one for that route; return whether it was stored."""
    return insert_rows_once(tx, dispatches, _Row._fields, [_row(new)]) == {new.id}


def _row(item: NewDispatch) -> _Row:
    due_at = microseconds(item.due_at)
    if item.lease_until is None:
        state, attempt, until, started_at = DispatchState.PENDING.value, 0, due_at, None
    else:
        state, attempt, until, started_at = (
            DispatchState.RUNNING.value,
            1,
            microseconds(item.lease_until),
            due_at,
        )
    return _Row(
        item.id,
        item.event_id,
        item.route,
        state,
        attempt,
        due_at=until,
        started_at=started_at,
        trigger=item.trigger,
        order_key=item.order_key,
    )


def insert_attempts(tx: Connection, rows: Sequence[AttemptRow]) -> None:
    """Store how attempts ended."""
    if rows:
        insert_rows(tx, attempts, AttemptRow._fields, rows)


def tries_since_replay(tx: Connection, claim: Claim) -> int:
    """Count the tries up to this claim since an operator last replayed the dispatch, or since it was stored."""
    if claim.trigger == Trigger.MANUAL.value:
        return 1
    newest_manual = tx.execute(
        select(func.max(attempts.c.number)).where(
            attempts.c.dispatch_id == claim.dispatch_id, attempts.c.trigger == Trigger.MANUAL.value
        )
    ).scalar_one()
    return claim.attempt - (newest_manual or 1) + 1


def list_dispatches(tx: Connection, event_id: str) -> Sequence[Row[Any]]:
    """Return the dispatches of one event in the order they were made."""
    return tx.execute(
        select(dispatches).where(dispatches.c.event_id == event_id).order_by(dispatches.c.id)
    ).all()


def list_attempts(tx: Connection, dispatch_ids: Iterable[str]) -> Sequence[Row[Any]]:
    """Return the attempts of these dispatches, oldest first."""
    query = select(attempts).where(attempts.c.dispatch_id.in_(tuple(dispatch_ids)))
    return tx.execute(query.order_by(attempts.c.dispatch_id, attempts.c.number)).all()


def lock_events(tx: Connection, event_ids: Collection[str]) -> None:
    """Lock events in the order of their ids; on SQLite nobody else can write, so nothing is asked."""
    if event_ids and supports_skip_locked(tx):
        tx.execute(_LOCK_EVENTS, {"ids": sorted(set(event_ids))})


def derive_event_states(tx: Connection, event_ids: Collection[str]) -> None:
    """Write the states of events that this transaction has locked, as their dispatches have it now."""
    if not event_ids:
        return
    found: dict[str, set[str]] = {event_id: set() for event_id in event_ids}
    for event_id, state in tx.execute(_STATES, {"ids": list(found)}):
        found[event_id].add(state)
    ids_by_state: dict[str, list[str]] = defaultdict(list)
    for event_id, states in found.items():
        ids_by_state[event_state_of(states).value].append(event_id)
    for state, ids in sorted(ids_by_state.items()):
        tx.execute(_SET_STATE, {"ids": ids, "new_state": state})


def event_state_of(states: set[str]) -> EventState:
    """Return the state of an event whose dispatches are in these states; the worst news wins."""
    if not states:
        return EventState.IGNORED
    if DispatchState.DEAD in states:
        return EventState.DEAD
    if DispatchState.RETRYING in states:
        return EventState.RETRYING
    if states == {DispatchState.SUCCEEDED}:
        return EventState.SUCCEEDED
    if states == {DispatchState.PENDING}:
        return EventState.RECEIVED
    return EventState.PROCESSING
