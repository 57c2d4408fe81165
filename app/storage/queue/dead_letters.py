"""Dead letters: dispatches whose tries ran out or failed for good, with their last error; rows of dispatches.py."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, select

from app.core.states import DispatchState
from app.storage.queue.dispatches import attempts, dispatches, queue


def list_dead_dispatches(tx: Connection, event_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Return the dead dispatches of these events, each with the error of its last attempt."""
    last = and_(attempts.c.dispatch_id == dispatches.c.id, attempts.c.number == dispatches.c.attempt)
    is_due_again = exists().where(queue.c.id == dispatches.c.id)
    columns = [dispatches.c[name] for name in ("event_id", "route", "attempt", "finished_at")]
    columns.append(attempts.c.error)
    return tx.execute(
        select(*columns)
        .select_from(dispatches.outerjoin(attempts, last))
        .where(
            dispatches.c.event_id.in_(tuple(event_ids)),
            dispatches.c.state == DispatchState.DEAD.value,
            ~is_due_again,
        )
        .order_by(dispatches.c.id)
    ).all()


def find_death(tx: Connection, dispatch_id: str, attempt: int) -> tuple[str, str | None] | None:
    """Return the route of a dispatch and the error of the attempt that it died of, replayed since or not."""
    query = (
        select(dispatches.c.route, attempts.c.error)
        .select_from(dispatches.join(attempts, attempts.c.dispatch_id == dispatches.c.id))
        .where(dispatches.c.id == dispatch_id, attempts.c.number == attempt)
    )
    row = tx.execute(query).one_or_none()
    return None if row is None else (row.route, row.error)
