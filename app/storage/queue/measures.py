"""What `/metrics` asks of the queue: how much is unfinished, and how many events are dead. Counted no further than needed."""

from __future__ import annotations

from sqlalchemy import Connection, func, literal, select

from app.core.states import EventState
from app.storage.inbox.events import events
from app.storage.queue.dispatches import UNFINISHED, queue

COUNT_TO = 100_000
"""More than this many changes nothing for whoever is woken by the number, and counting must not read a whole table."""


def count_unfinished(tx: Connection) -> dict[str, int]:
    """Return how many dispatches are in each state that is not final."""
    some = select(queue.c.state).limit(COUNT_TO).subquery()
    found = tx.execute(select(some.c.state, func.count()).group_by(some.c.state))
    counts = {str(state): int(count) for state, count in found}
    return {state: counts.get(state, 0) for state in UNFINISHED}


def count_dead_events(tx: Connection) -> int:
    """Return how many events have a dead letter (relies on ix_events_state_received_at)."""
    is_dead = events.c.state == EventState.DEAD.value
    some = select(literal(1)).select_from(events).where(is_dead).limit(COUNT_TO).subquery()
    return int(tx.execute(select(func.count()).select_from(some)).scalar_one())
