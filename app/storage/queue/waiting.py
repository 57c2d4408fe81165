"""Waiting dispatches: those behind the first unfinished one of their route and order key, and those of a whole route.

The claim refuses followers by itself; holding them only spares it from looking at rows that cannot run yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, exists, func, literal, select, type_coerce

from app.core.states import DispatchState
from app.storage.database.db import supports_skip_locked
from app.storage.queue.dispatches import queue

HELD_LONGER = timedelta(seconds=30)
WAITING = (DispatchState.PENDING.value, DispatchState.RETRYING.value)


@dataclass(frozen=True, slots=True)
class Head:
    """The first unfinished dispatch of a route and key, waiting or running until `due_at`."""

    dispatch_id: str
    route: str
    order_key: str
    due_at: datetime


def hold_followers(tx: Connection, head: Head) -> int:
    """Let everything behind a dispatch wait a little longer than it does; return how many rows that were.

    Whoever finishes it releases the next one; should that be missed, the rows come due by themselves.
    """
    until = head.due_at + HELD_LONGER
    return tx.execute(
        queue.update()
        .where(
            *_of_key(head.route, head.order_key),
            queue.c.state == DispatchState.PENDING.value,
            queue.c.due_at < until,
            queue.c.id > head.dispatch_id,
        )
        .values(due_at=until)
    ).rowcount


def held_next(tx: Connection, route: str, order_key: str, now: datetime) -> str | None:
    """Return the next dispatch of a key when it is held back, None when it is due or there is none."""
    query = select(queue.c.id, queue.c.due_at, queue.c.state)
    row = tx.execute(query.where(*_of_key(route, order_key)).order_by(queue.c.id).limit(1)).one_or_none()
    if row is None or row.due_at <= now or row.state != DispatchState.PENDING.value:
        return None
    return str(row.id)


def release(tx: Connection, dispatch_id: str, now: datetime) -> int:
    """Make a held dispatch due."""
    held = (queue.c.id == dispatch_id, queue.c.state == DispatchState.PENDING.value)
    return tx.execute(queue.update().where(*held, queue.c.due_at > now).values(due_at=now)).rowcount


def _of_key(route: str, order_key: str) -> tuple[Any, ...]:
    return (queue.c.route == route, queue.c.order_key == order_key)


def heads_of_queues(tx: Connection, now: datetime, *, limit: int) -> Sequence[Head]:
    """Return the first ones of their keys that run or wait with due ones behind them, locked by this transaction."""
    earlier, follower = queue.alias("earlier"), queue.alias("follower")
    is_first = ~exists().where(
        earlier.c.route == queue.c.route,
        earlier.c.order_key == queue.c.order_key,
        earlier.c.id < queue.c.id,
    )
    has_due_followers = exists().where(
        follower.c.route == queue.c.route,
        follower.c.order_key == queue.c.order_key,
        follower.c.due_at <= now,
        follower.c.id > queue.c.id,
    )
    query = select(queue.c.id, queue.c.route, queue.c.order_key, queue.c.due_at).where(
        queue.c.order_key.is_not(None), queue.c.due_at > now, is_first, has_due_followers
    )
    if supports_skip_locked(tx):
        query = query.with_for_update(skip_locked=True)
    return [Head(*row) for row in tx.execute(query.order_by(queue.c.id).limit(limit)).all()]


def release_route(tx: Connection, route: str, now: datetime) -> int:
    """Make everything that waits on its way to a route due now; return how many rows that were."""
    return tx.execute(
        queue.update()
        .where(queue.c.due_at > now, queue.c.route == route, queue.c.state.in_(WAITING))
        .values(due_at=now)
    ).rowcount


def count_waiting(tx: Connection, routes: Sequence[str]) -> dict[str, int]:
    """Return how many dispatches are unfinished on each of these routes."""
    query = select(queue.c.route, func.count()).where(queue.c.route.in_(routes))
    return {route: int(count) for route, count in tx.execute(query.group_by(queue.c.route))}


def count_unfinished(tx: Connection, route: str, *, limit: int) -> int:
    """Return how many dispatches are unfinished on one route, counted to `limit`."""
    found = select(literal(1)).select_from(queue).where(queue.c.route == route).limit(limit).subquery()
    return int(tx.execute(select(func.count()).select_from(found)).scalar_one())


def bring_forward(tx: Connection, *, later_than: datetime, by: timedelta) -> int:
    """Move due times and lease ends that lie beyond a moment to an earlier one; return how many were moved."""
    microseconds = by // timedelta(microseconds=1)
    earlier = type_coerce(queue.c.due_at, BigInteger) - microseconds
    return tx.execute(queue.update().where(queue.c.due_at > later_than).values(due_at=earlier)).rowcount
