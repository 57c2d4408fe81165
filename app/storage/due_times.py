"""Due times as a whole: moved when the clock by which they were written was moved."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, type_coerce

from app.storage.dispatches import dispatches


def bring_forward(tx: Connection, *, later_than: datetime, by: timedelta) -> int:
    """Move due times and lease ends that lie beyond a moment to an earlier one; return how many were moved."""
    microseconds = by // timedelta(microseconds=1)
    earlier = type_coerce(dispatches.c.due_at, BigInteger) - microseconds
    return tx.execute(
        dispatches.update().where(dispatches.c.due_at > later_than).values(due_at=earlier)
    ).rowcount
