"""Making stored dispatches due again, in batches; the tables are in events.py and dispatches.py.

Dispatches are written before their events are locked, workers lock events first. Only rows that do not run are written
here, so the two meet in a circle only over a row whose worker is late; the database then ends one, which is repeated.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from app.core.states import DispatchState, Trigger
from app.storage.inbox.events import events
from app.storage.queue.dispatches import derive_event_states, dispatches, lock_events


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
    lock_events(tx, event_ids)
    has_body = select(events.c.id).where(events.c.id.in_(tuple(event_ids)), events.c.body.is_not(None))
    whole = set(tx.execute(has_body).scalars())
    derive_event_states(tx, whole)
    return set(event_ids) - whole
