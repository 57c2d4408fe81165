"""How much waits to be run, counted no further than needed; the one question that back-pressure asks of the queue."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, literal, select

from app.core.states import DispatchState
from app.storage.queue.dispatches import queue


class Backlog(NamedTuple):
    """How many dispatches are due, and since when the first of them is; None when there are none."""

    due: int
    oldest_due_at: datetime | None


def measure_backlog(tx: Connection, now: datetime, *, count_to: int) -> Backlog:
    """Return what is due and has not begun, or was lost; reads the index of what is unfinished, `count_to` entries at most."""
    is_due = queue.c.due_at <= now
    first = select(literal(1)).select_from(queue).where(is_due).limit(count_to).subquery()
    due = tx.execute(select(func.count()).select_from(first)).scalar_one() if count_to else 0
    oldest = tx.execute(select(queue.c.due_at).where(is_due).order_by(queue.c.due_at).limit(1))
    return Backlog(int(due), oldest.scalar_one_or_none())


def count_running(tx: Connection, now: datetime) -> int:
    """Return how many dispatches are being run: their lease has not ended."""
    is_running = (queue.c.state == DispatchState.RUNNING.value) & (queue.c.due_at > now)
    return int(tx.execute(select(func.count()).select_from(queue).where(is_running)).scalar_one())
