"""Making stored dispatches due again, in batches; the tables are in events.py and dispatches.py.

Rows are locked in the order that workers use, dispatches before their event, so that neither waits for the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from app.core.states import DispatchState, EventState, Trigger
from app.storage.database.db import supports_skip_locked
from app.storage.inbox.events import events
from app.storage.queue.dispatches import dispatches, event_state_of


@dataclass(frozen=True, slots=True)
class DueAgain:
    """One dispatch as it was found, and when it is to run again."""

    dispatch_id: str
    state: str
    attempt: int
    due_at: datetime


def list_dispatches_of(tx: Connection, event_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Return the dispatches of these events without their results (relies on uq_dispatches_event_id_route)."""
    wanted = (dispatches.c[name] for name in ("id", "event_id", "route", "state", "attempt"))
    return tx.execute(
        select(*wanted).where(dispatches.c.event_id.in_(tuple(event_ids))).order_by(dispatches.c.id)
    ).all()


def make_due(tx: Connection, wanted: Sequence[DueAgain]) -> None:
    """Let dispatches run again as an operator's; what changed since it was read is left alone, so nothing doubles."""
    if not wanted:
        return
    statement = (
        dispatches.update()
        .where(
            dispatches.c.id == bindparam("found_id"),
            dispatches.c.state == bindparam("found_state"),
            dispatches.c.attempt == bindparam("found_attempt"),
        )
        .values(
            state=DispatchState.PENDING.value,
            due_at=bindparam("new_due_at"),
            trigger=Trigger.MANUAL.value,
            finished_at=None,
        )
    )
    tx.execute(
        statement,
        [
            {
                "found_id": item.dispatch_id,
                "found_state": item.state,
                "found_attempt": item.attempt,
                "new_due_at": item.due_at,
            }
            for item in wanted
        ],
    )


def refresh_event_states(tx: Connection, event_ids: Collection[str]) -> set[str]:
    """Derive the states of these events from their dispatches; return those whose body is gone or that are gone."""
    ids = tuple(event_ids)
    query = select(events.c.id, events.c.body.is_(None).label("is_pruned")).where(events.c.id.in_(ids))
    if supports_skip_locked(tx):
        query = query.order_by(events.c.id).with_for_update()
    whole = {row.id for row in tx.execute(query) if not row.is_pruned}
    for state, members in _by_state(tx, whole).items():
        tx.execute(events.update().where(events.c.id.in_(members)).values(state=state.value))
    return set(ids) - whole


def _by_state(tx: Connection, event_ids: Collection[str]) -> dict[EventState, list[str]]:
    states: defaultdict[str, set[str]] = defaultdict(set)
    query = select(dispatches.c.event_id, dispatches.c.state).where(
        dispatches.c.event_id.in_(tuple(event_ids))
    )
    for row in tx.execute(query):
        states[row.event_id].add(row.state)
    grouped: defaultdict[EventState, list[str]] = defaultdict(list)
    for event_id, found in states.items():
        grouped[event_state_of(found)].append(event_id)
    return grouped
