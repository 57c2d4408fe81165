"""Making stored dispatches due again, in batches; the tables are in dispatches.py.

The events are locked first, and stay so until all is written: nobody else makes their dispatches due, and no death of
them is written meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, literal, select

from app.core.states import DispatchState, Trigger
from app.storage.database.db import UtcDateTime
from app.storage.inbox.events import events
from app.storage.queue.dispatches import UNFINISHED, dispatches, every_dispatch, queue
from app.storage.queue.event_states import lock_events


@dataclass(frozen=True, slots=True)
class DueAgain:
    """One dispatch as it was found, and when it is to run again."""

    dispatch_id: str
    state: str
    attempt: int
    due_at: datetime


_EARLIER = (
    queue.update()
    .where(
        queue.c.id == bindparam("found_id"),
        queue.c.state == bindparam("found_state"),
        queue.c.attempt == bindparam("found_attempt"),
    )
    .values(state=DispatchState.PENDING.value, due_at=bindparam("new_due_at"), trigger=Trigger.MANUAL.value)
)
_ENDED = select(
    *(dispatches.c[name] for name in ("id", "event_id", "route")),
    literal(DispatchState.PENDING.value),
    dispatches.c.attempt,
    bindparam("new_due_at", type_=UtcDateTime),
    literal(Trigger.MANUAL.value),
    dispatches.c.order_key,
).where(
    dispatches.c.id == bindparam("found_id"),
    dispatches.c.state == bindparam("found_state"),
    dispatches.c.attempt == bindparam("found_attempt"),
    ~exists().where(queue.c.id == dispatches.c.id),
)
_ONCE_MORE = queue.insert().from_select(
    ["id", "event_id", "route", "state", "attempt", "due_at", "trigger", "order_key"], _ENDED
)


def lock_whole(tx: Connection, event_ids: Collection[str]) -> set[str]:
    """Lock events until the transaction ends; return those whose body is gone or that are gone."""
    lock_events(tx, event_ids)
    has_body = select(events.c.id).where(events.c.id.in_(tuple(event_ids)), events.c.body.is_not(None))
    return set(event_ids) - set(tx.execute(has_body).scalars())


def list_dispatches_of(tx: Connection, event_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Return the dispatches of these events without their results (relies on the unique event_id and route)."""
    ids = tuple(event_ids)
    found = every_dispatch(queue.c.event_id.in_(ids), ended=[dispatches.c.event_id.in_(ids)])
    wanted = (found.c[name] for name in ("id", "event_id", "route", "state", "attempt"))
    return tx.execute(select(*wanted).order_by(found.c.id)).all()


def make_due(tx: Connection, wanted: Sequence[DueAgain]) -> None:
    """Let dispatches run again as an operator's; what changed since it was read is left alone, so nothing doubles.

    What has ended keeps its row until it ends again.
    """
    for statement, of_queue in ((_EARLIER, True), (_ONCE_MORE, False)):
        rows = [
            {
                "found_id": item.dispatch_id,
                "found_state": item.state,
                "found_attempt": item.attempt,
                "new_due_at": item.due_at,
            }
            for item in wanted
            if (item.state in UNFINISHED) is of_queue
        ]
        if rows:
            tx.execute(statement, rows)
