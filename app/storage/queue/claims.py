"""Claiming dispatches with a lease, keeping it, and knowing whether it is still held: the one fence before a write.

When a process dies, whatever it had claimed was lost with it, begun or not, and nobody can tell which dispatch ended it.
A loss counts as a try, because a handler that may run only once may have run. Whoever was lost twice is suspect, and a
process runs one suspect at a time: the one that kills its process then dies alone, and its neighbours go on. The others
are not postponed: they stay due, for the moment the first one has ended, and for other processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, exists, or_, select

from app.core.states import AttemptOutcome, DispatchState, Trigger
from app.storage.database.db import microseconds, only_by_index, supports_skip_locked
from app.storage.queue.dispatches import AttemptRow, Claim, attempts, insert_attempts, queue


class LeaseLostError(Exception):
    """Somebody else took the dispatch over while it ran here; what was written is rolled back."""


ENDED = "the process that ran this attempt ended or lost its lease"


def _has_unfinished_before() -> Any:
    """Say whether an earlier row has the same route and order key (uses ix_queue_order)."""
    earlier = queue.alias("earlier")
    return exists().where(
        earlier.c.route == queue.c.route,
        earlier.c.order_key == queue.c.order_key,
        earlier.c.id < queue.c.id,
    )


def _is_suspect() -> Any:
    """Say whether a row that is due is lost now and was lost before."""
    lost_before = exists().where(
        attempts.c.dispatch_id == queue.c.id, attempts.c.outcome == AttemptOutcome.LOST.value
    )
    return and_(queue.c.state == DispatchState.RUNNING.value, lost_before)


# Built once: putting an expression together costs more than running it.
_DUE = (
    select(queue)
    .where(
        queue.c.due_at <= bindparam("now"),
        or_(queue.c.order_key.is_(None), ~_has_unfinished_before()),
    )
    .order_by(queue.c.due_at)
    .limit(bindparam("most"))
)
_DUE_UNLOCKED = _DUE.with_for_update(skip_locked=True)
_INNOCENT = _DUE.where(~_is_suspect())
_INNOCENT_UNLOCKED = _INNOCENT.with_for_update(skip_locked=True)
_TAKE = (
    queue.update()
    .where(queue.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=DispatchState.RUNNING.value,
        attempt=queue.c.attempt + 1,
        due_at=bindparam("lease_until"),
        started_at=bindparam("now"),
    )
)
_TAKE_OVER = _TAKE.values(trigger=Trigger.AUTOMATIC.value)
_LOST_BEFORE = (
    select(attempts.c.dispatch_id)
    .where(
        attempts.c.dispatch_id.in_(bindparam("ids", expanding=True)),
        attempts.c.outcome == AttemptOutcome.LOST.value,
    )
    .group_by(attempts.c.dispatch_id)
)


def claim_due(
    tx: Connection, *, now: datetime, lease_until: datetime, limit: int, suspects: int = 1
) -> list[Claim]:
    """Claim what is due, oldest first: waiting rows whose time has come and running rows whose lease has ended.

    At most `suspects` of those that were lost twice are among them.
    """
    only_by_index(tx)
    shares = supports_skip_locked(tx)
    rows = tx.execute(_DUE_UNLOCKED if shares else _DUE, {"now": now, "most": limit}).all()
    suspected = _suspects(tx, rows)
    if len(suspected) > suspects:
        # More than may run now: they must not fill the places of the others.
        allowed = [row for row in rows if row.id in suspected[:suspects]]
        innocent = _INNOCENT_UNLOCKED if shares else _INNOCENT
        rows = [*allowed, *tx.execute(innocent, {"now": now, "most": limit - len(allowed)}).all()]
    return _claim_rows(tx, rows, frozenset(suspected), now=now, lease_until=lease_until)


def _suspects(tx: Connection, rows: Sequence[Row[Any]]) -> list[str]:
    """Return those that are lost now and were lost before."""
    lost = [row.id for row in rows if row.state == DispatchState.RUNNING.value]
    before = set(tx.execute(_LOST_BEFORE, {"ids": lost}).scalars()) if lost else set()
    return [row_id for row_id in lost if row_id in before]


def claim_waiting(
    tx: Connection, event_id: str, routes: Iterable[str], *, now: datetime, lease_until: datetime
) -> list[Claim]:
    """Claim dispatches of one event that failed before and wait for a retry, due or not."""
    waiting = (DispatchState.PENDING.value, DispatchState.RETRYING.value)
    query = select(queue).where(
        queue.c.event_id == event_id,
        queue.c.route.in_(tuple(routes)),
        queue.c.state.in_(waiting),
    )
    if supports_skip_locked(tx):
        query = query.with_for_update(skip_locked=True)
    return _claim_rows(tx, tx.execute(query).all(), frozenset(), now=now, lease_until=lease_until)


def _claim_rows(
    tx: Connection,
    rows: Sequence[Row[Any]],
    suspected: frozenset[str],
    *,
    now: datetime,
    lease_until: datetime,
) -> list[Claim]:
    """Take rows that this transaction has locked (on SQLite: that nobody else can write)."""
    lost = [row for row in rows if row.state == DispatchState.RUNNING.value]
    waiting = [row for row in rows if row.state != DispatchState.RUNNING.value]
    insert_attempts(tx, [_lost_attempt(row) for row in lost])
    for statement, taken in ((_TAKE, waiting), (_TAKE_OVER, lost)):
        if taken:
            parameters = {"ids": [row.id for row in taken], "lease_until": lease_until, "now": now}
            tx.execute(statement, parameters)
    return [_claim(row, now, is_suspect=row.id in suspected) for row in rows]


def _claim(row: Row[Any], now: datetime, *, is_suspect: bool) -> Claim:
    was_lost = row.state == DispatchState.RUNNING.value
    trigger = Trigger.AUTOMATIC.value if was_lost else row.trigger
    return Claim(
        row.id,
        row.event_id,
        row.route,
        row.attempt + 1,
        now,
        trigger=trigger,
        order_key=row.order_key,
        is_suspect=is_suspect,
    )


def _lost_attempt(row: Row[Any]) -> AttemptRow:
    return AttemptRow(
        row.id,
        row.attempt,
        microseconds(row.started_at),
        duration_ms=None,
        outcome=AttemptOutcome.LOST.value,
        error=ENDED,
        trigger=row.trigger,
    )


_ROWS = (
    select(queue.c.id, queue.c.attempt, queue.c.started_at, queue.c.state)
    .where(queue.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(queue.c.id)
)
_ROWS_LOCKED = _ROWS.with_for_update()
_KEEP = (
    queue.update()
    .where(queue.c.id.in_(bindparam("ids", expanding=True)))
    .values(due_at=bindparam("lease_until"))
)


def are_held(tx: Connection, claims: Sequence[Claim]) -> list[bool]:
    """Say of each claim whether it is still ours: its row runs, and runs the very attempt that was claimed.

    The rows are locked until the transaction ends, in the order of their ids, so that two that hold several never
    deadlock. Only a row that is held may be written. (On SQLite nobody else can write anyway.)
    """
    only_by_index(tx)
    query = _ROWS_LOCKED if supports_skip_locked(tx) else _ROWS
    rows = tx.execute(query, {"ids": sorted({claim.dispatch_id for claim in claims})})
    running = {
        (row.id, row.attempt, row.started_at) for row in rows if row.state == DispatchState.RUNNING.value
    }
    return [(claim.dispatch_id, claim.attempt, claim.started_at) in running for claim in claims]


def renew_leases(tx: Connection, claims: Sequence[Claim], *, lease_until: datetime) -> None:
    """Move the end of the leases that are still held."""
    held = are_held(tx, claims)
    ids = [claim.dispatch_id for claim, is_ours in zip(claims, held, strict=True) if is_ours]
    if ids:
        tx.execute(_KEEP, {"ids": ids, "lease_until": lease_until})
