"""Receipts: what a platform was answered when it delivered an event, and how long that took. One for each event, the last one counts.

They are no part of accepting: they are written a moment after the answer, and one that is missing means only that a process
ended in that moment.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Integer, LargeBinary, Row, String, Table, select

from app.storage.database.db import UtcDateTime, metadata, microseconds
from app.storage.database.many_rows import write_rows

MOST_ANSWER_BYTES = 1024

receipts = Table(
    "receipts",
    metadata,
    # The event's. Declared to refer to nothing: the check would cost a look-up each; retention deletes both.
    Column("id", String(32), primary_key=True),
    Column("answered_at", UtcDateTime, nullable=False),
    Column("status", Integer, nullable=False),
    Column("duration_us", Integer, nullable=False),
    Column("trace_id", String(32), nullable=False),
    # UTF-8, masked; the beginning of a longer one.
    Column("answer", LargeBinary(MOST_ANSWER_BYTES)),
)


class Receipt(NamedTuple):
    """One receipt; `answer` is masked and bounded already."""

    event_id: str
    answered_at: datetime
    status: int
    duration_us: int
    trace_id: str
    answer: bytes


COLUMNS = ("id", "answered_at", "status", "duration_us", "trace_id", "answer")


def write_receipts(tx: Connection, items: Sequence[Receipt]) -> list[None]:
    """Write receipts, each over an older one of its event; sorted, so that two processes wait for each other in one order."""
    last = {item.event_id: item for item in items}
    rows = [
        item._replace(answered_at=microseconds(item.answered_at))  # type: ignore[arg-type]
        for item in (last[event_id] for event_id in sorted(last))
    ]
    if rows:
        write_rows(tx, receipts, COLUMNS, rows)
    return [None] * len(items)


def find_receipt(tx: Connection, event_id: str) -> Row[Any] | None:
    """Return an event's receipt."""
    return tx.execute(select(receipts).where(receipts.c.id == event_id)).one_or_none()


def empty_receipts(tx: Connection, event_ids: Collection[str]) -> None:
    """Take the answers away."""
    of_these = receipts.c.id.in_(tuple(event_ids))
    tx.execute(receipts.update().where(of_these, receipts.c.answer.is_not(None)).values(answer=None))


def delete_receipts(tx: Connection, event_ids: Collection[str]) -> None:
    """Delete the receipts of these events."""
    tx.execute(receipts.delete().where(receipts.c.id.in_(tuple(event_ids))))
