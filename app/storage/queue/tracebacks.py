"""Tracebacks of failed attempts, beside the rows of dispatches.py; retention takes them with the bodies of their events."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select

from app.storage.queue.dispatches import Claim, attempts, dispatches

_KEEP = (
    attempts.update()
    .where(attempts.c.dispatch_id == bindparam("of_dispatch"), attempts.c.number == bindparam("of_number"))
    .values(traceback=bindparam("text"))
)


def keep_traceback(tx: Connection, claim: Claim, text: str) -> None:
    """Store what a failed attempt left, in the transaction that records the attempt; half characters are replaced."""
    values = {"of_dispatch": claim.dispatch_id, "of_number": claim.attempt}
    tx.execute(_KEEP, values | {"text": text.encode("utf-8", "replace")})


def drop_tracebacks(tx: Connection, event_ids: Collection[str]) -> None:
    """Take the tracebacks of these events away: an exception's text may quote what the event said."""
    of_events = select(dispatches.c.id).where(dispatches.c.event_id.in_(tuple(event_ids)))
    tx.execute(
        attempts.update()
        .where(attempts.c.dispatch_id.in_(of_events), attempts.c.traceback.is_not(None))
        .values(traceback=None)
    )
