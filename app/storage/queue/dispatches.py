"""Dispatches: one event on its way to one route, and the attempts made. They are the queue; brokers only hint.

`due_at` is the one column the claim looks at: when a waiting row may start, or when a running row's lease ends.
The attempt fences, by its number and its start: only the one that holds a running row may complete it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    and_,
    func,
    select,
)

from app.core.states import AttemptOutcome, DispatchState, EventState, Trigger
from app.storage.database.db import Blob, ExactText, UtcDateTime, metadata, microseconds, supports_skip_locked
from app.storage.database.many_rows import insert_rows, insert_rows_once
from app.storage.inbox.events import events, set_event_state

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
)

MAX_ERROR_LENGTH = 1000


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


def give_back(tx: Connection, claims: Sequence[Claim], *, now: datetime) -> None:
    """End these attempts as if they had not begun: due at once, nothing recorded, the number free again."""
    returned = []
    for claim in sorted(claims, key=lambda each: each.dispatch_id):
        state = DispatchState.PENDING if claim.attempt == 1 else DispatchState.RETRYING
        changed = tx.execute(
            dispatches.update()
            .where(_held_by(claim))
            .values(state=state.value, attempt=claim.attempt - 1, due_at=now)
        ).rowcount
        if changed:
            returned.append(claim.event_id)
    for event_id in sorted(set(returned)):
        refresh_event_state(tx, event_id)


def postpone(tx: Connection, claim: Claim, *, until: datetime) -> None:
    """Take an attempt back before it did anything: it does not count, and the dispatch is due at `until`."""
    give_back(tx, [claim], now=until)


def complete(
    tx: Connection,
    claim: Claim,
    *,
    state: DispatchState,
    outcome: AttemptOutcome,
    now: datetime,
    due_at: datetime | None = None,
    error: str | None = None,
    result: bytes | None = None,
) -> bool:
    """Write how an attempt ended; False, and nothing written, when the lease was taken over meanwhile."""
    finished = now if state in (DispatchState.SUCCEEDED, DispatchState.DEAD) else None
    changed = tx.execute(
        dispatches.update()
        .where(_held_by(claim))
        .values(state=state.value, due_at=due_at, finished_at=finished, result=result, trigger="automatic")
    ).rowcount
    if not changed:
        return False
    duration = max(0, int((now - claim.started_at).total_seconds() * 1000))
    _insert_attempt(
        tx,
        dispatch_id=claim.dispatch_id,
        number=claim.attempt,
        started_at=claim.started_at,
        outcome=outcome,
        trigger=claim.trigger,
        duration_ms=duration,
        error=None if error is None else error[:MAX_ERROR_LENGTH],
    )
    refresh_event_state(tx, claim.event_id)
    return True


def _held_by(claim: Claim) -> Any:
    return and_(
        dispatches.c.id == claim.dispatch_id,
        dispatches.c.attempt == claim.attempt,
        dispatches.c.started_at == claim.started_at,
        dispatches.c.state == DispatchState.RUNNING.value,
    )


def _insert_attempt(tx: Connection, **values: Any) -> None:
    tx.execute(attempts.insert().values(**(values | {"outcome": values["outcome"].value})))


def refresh_event_state(tx: Connection, event_id: str) -> None:
    """Derive the event's state from its dispatches; the event row is locked first so that two finishers agree."""
    if supports_skip_locked(tx):
        tx.execute(select(events.c.id).where(events.c.id == event_id).with_for_update())
    states = set(tx.execute(select(dispatches.c.state).where(dispatches.c.event_id == event_id)).scalars())
    set_event_state(tx, event_id, event_state_of(states))


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
