"""What retention does to events: finding the old ones, emptying them, deleting them with all that hangs on them.

Only what is finished is touched: an event that has no dispatch in the queue, looked at after its row is locked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from app.storage.commands import empty_commands
from app.storage.database.db import supports_skip_locked
from app.storage.inbox.events import events
from app.storage.inbox.receipts import delete_receipts, empty_receipts
from app.storage.queue.dispatches import attempts, dispatches, queue
from app.storage.queue.tracebacks import drop_tracebacks


def list_old_events(
    tx: Connection, *, before: datetime, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Row[Any]]:
    """Return events received before a time, oldest first, from a place on (relies on ix_events_received_at).

    The caller passes over what it does not want, so that one query never reads more than `limit` rows.
    """
    columns = [events.c.id, events.c.received_at, events.c.body.is_(None).label("is_empty")]
    query = select(*columns).where(events.c.received_at < before)
    if after is not None:
        at, event_id = after
        later = or_(events.c.received_at > at, and_(events.c.received_at == at, events.c.id > event_id))
        query = query.where(events.c.received_at >= at, later)
    return tx.execute(query.order_by(events.c.received_at, events.c.id).limit(limit)).all()


def lock_finished(tx: Connection, event_ids: Collection[str]) -> list[str]:
    """Lock those of these events that are finished; what others have locked is passed over.

    The queue is read in a second statement: it sees what was committed before the lock was had.
    """
    query = select(events.c.id).where(events.c.id.in_(tuple(event_ids)))
    if supports_skip_locked(tx):
        query = query.order_by(events.c.id).with_for_update(skip_locked=True)
    locked = list(tx.execute(query).scalars())
    busy = set(tx.execute(select(queue.c.event_id).where(queue.c.event_id.in_(locked))).scalars())
    return [event_id for event_id in locked if event_id not in busy]


def empty_events(tx: Connection, event_ids: Collection[str]) -> int:
    """Take away bodies, headers, queries, paths, data, what is sealed, answers, handlers' results and tracebacks; return how many events that were."""
    ids = lock_finished(tx, event_ids)
    if not ids:
        return 0
    tx.execute(
        dispatches.update()
        .where(dispatches.c.event_id.in_(ids), dispatches.c.result.is_not(None))
        .values(result=None)
    )
    drop_tracebacks(tx, ids)
    empty_receipts(tx, ids)
    empty_commands(tx, ids)
    return tx.execute(
        events.update()
        .where(events.c.id.in_(ids))
        .values(
            body=None, data=None, headers=None, query_string=None, masked=None, sealed=None, path_rest=None
        )
    ).rowcount


def delete_events(tx: Connection, event_ids: Collection[str]) -> int:
    """Delete events with their dispatches and attempts; return how many events that were."""
    ids = lock_finished(tx, event_ids)
    if not ids:
        return 0
    of_these = list(tx.execute(select(dispatches.c.id).where(dispatches.c.event_id.in_(ids))).scalars())
    tx.execute(attempts.delete().where(attempts.c.dispatch_id.in_(of_these)))
    tx.execute(dispatches.delete().where(dispatches.c.id.in_(of_these)))
    delete_receipts(tx, ids)
    return tx.execute(events.delete().where(events.c.id.in_(ids))).rowcount
