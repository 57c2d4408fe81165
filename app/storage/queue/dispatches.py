"""Dispatches: one event on its way to one route, and the attempts made. They are the queue; brokers only hint.

A dispatch that waits or runs has a row in `queue`: narrow, and the only place where something changes while it goes on.
When it ends the row is deleted and one in `dispatches` says how it ended. So the tables that grow are only added to, and
what is looked for again and again is in the one that stays small. A dispatch that is made due again has both rows; the
one in `queue` counts. How a dispatch is claimed is in claims.py, how its attempt is completed in completions.py, what the
states of its dispatches mean for an event in event_states.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Subquery,
    Table,
    UniqueConstraint,
    exists,
    func,
    literal_column,
    null,
    select,
    text,
    type_coerce,
    union_all,
)

from app.core.states import DispatchState, Trigger
from app.storage.database.db import Blob, ExactText, UtcDateTime, metadata, microseconds
from app.storage.database.many_rows import insert_rows, insert_rows_once

queue = Table(
    "queue",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("event_id", String(32), ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("route", ExactText(191), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    # The one column the claim looks at: when a waiting row may start, or when a running row's lease ends.
    Column("due_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("trigger", String(16), nullable=False),
    # Rows of one route with the same key run one after another, in the order of their ids; null: no order.
    Column("order_key", ExactText(191)),
    UniqueConstraint("event_id", "route"),
    Index("ix_queue_due_at", "due_at"),
)
Index(
    "ix_queue_order",
    queue.c.route,
    queue.c.order_key,
    queue.c.id,
    postgresql_where=queue.c.order_key.is_not(None),
    sqlite_where=queue.c.order_key.is_not(None),
)

dispatches = Table(
    "dispatches",
    metadata,
    Column("id", String(32), primary_key=True),
    # Declared to refer to nothing: the check would lock the event, and a replay holds that while it wants the queue's row.
    Column("event_id", String(32), nullable=False),
    Column("route", ExactText(191), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("result", Blob),
    Column("order_key", ExactText(191)),
    UniqueConstraint("event_id", "route"),
)
# Few die, so where an index may hold some rows only it costs nothing; MariaDB's holds them all.
Index(
    "ix_dispatches_dead",
    dispatches.c.state,
    dispatches.c.id,
    postgresql_where=dispatches.c.state == literal_column("'dead'"),
    sqlite_where=dispatches.c.state == literal_column("'dead'"),
)

# What died, by when; the others are not in it. MariaDB has no such index and keeps all of them there.
Index(
    "ix_dispatches_died",
    dispatches.c.state,
    dispatches.c.finished_at,
    postgresql_where=text("state = 'dead'"),
    sqlite_where=text("state = 'dead'"),
)

attempts = Table(
    "attempts",
    metadata,
    # Of a dispatch in either table, so nothing is declared here; retention deletes both.
    Column("dispatch_id", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("duration_ms", Integer),
    Column("outcome", String(16), nullable=False),
    Column("error", ExactText(1000)),
    Column("trigger", String(16), nullable=False),
    # UTF-8; written by tracebacks.py where a handler failed.
    Column("traceback", Blob),
)

UNFINISHED = (DispatchState.PENDING.value, DispatchState.RUNNING.value, DispatchState.RETRYING.value)
"""The states of rows in `queue`; those in `dispatches` have succeeded or are dead."""


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
    is_fresh: bool = False
    """Whether whoever stored the dispatch runs it at once: nobody has begun it, and nothing of it has changed since."""


class _Row(NamedTuple):
    """A row of the queue as the driver takes it; times are microseconds."""

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
        insert_rows(tx, queue, _Row._fields, [_row(item) for item in new])


def insert_dispatch_once(tx: Connection, new: NewDispatch) -> bool:
    """Store one dispatch unless its event has one for that route; return whether it was stored.

    Who ends one deletes its row here and writes the other in one transaction, for which the insert waits. So what the
    second look does not see cannot come any more.
    """
    if insert_rows_once(tx, queue, _Row._fields, [_row(new)]) != {new.id}:
        return False
    same = select(dispatches.c.id).where(
        dispatches.c.event_id == new.event_id, dispatches.c.route == new.route
    )
    if tx.execute(same).first() is None:
        return True
    tx.execute(queue.delete().where(queue.c.id == new.id))
    return False


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


def every_dispatch(*of_queue: ColumnElement[bool], ended: Sequence[ColumnElement[bool]] = ()) -> Subquery:
    """Return waiting, running and ended dispatches as one table, seen at one moment; conditions narrow each half.

    One that was made due again shows as it waits, with its old result.
    """
    waits = exists().where(queue.c.id == dispatches.c.id)
    unfinished = (
        select(
            *(
                queue.c[name]
                for name in ("id", "event_id", "route", "state", "attempt", "due_at", "started_at")
            ),
            type_coerce(null(), UtcDateTime).label("finished_at"),
            queue.c.trigger,
            queue.c.order_key,
            dispatches.c.result,
        )
        .select_from(queue.outerjoin(dispatches, dispatches.c.id == queue.c.id))
        .where(*of_queue)
    )
    finished = select(
        *(dispatches.c[name] for name in ("id", "event_id", "route", "state", "attempt")),
        type_coerce(null(), UtcDateTime).label("due_at"),
        type_coerce(null(), UtcDateTime).label("started_at"),
        dispatches.c.finished_at,
        literal_column(f"'{Trigger.AUTOMATIC.value}'", String).label("trigger"),
        dispatches.c.order_key,
        dispatches.c.result,
    ).where(~waits, *ended)
    return union_all(unfinished, finished).subquery("every_dispatch")


def list_dispatches(tx: Connection, event_ids: Iterable[str]) -> Sequence[Row[Any]]:
    """Return the dispatches of these events in the order they were made."""
    ids = tuple(event_ids)
    found = every_dispatch(queue.c.event_id.in_(ids), ended=[dispatches.c.event_id.in_(ids)])
    return tx.execute(select(found).order_by(found.c.id)).all()


def list_attempts(tx: Connection, dispatch_ids: Iterable[str]) -> Sequence[Row[Any]]:
    """Return the attempts of these dispatches, oldest first."""
    query = select(attempts).where(attempts.c.dispatch_id.in_(tuple(dispatch_ids)))
    return tx.execute(query.order_by(attempts.c.dispatch_id, attempts.c.number)).all()
