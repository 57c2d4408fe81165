"""Expected payments: which orders somebody waits for, and which event tells that one was paid, whoever was first.

A row is there for every order that was paid too, so that a notice from before it was expected counts. Between a notice
and an answer that was asked for, the guarded change of the row decides; the other one is a copy.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Index, Row, String, Table, and_, select

from app.core.storable import storable
from app.storage.database.db import ExactText, UtcDateTime, insert_once, metadata

WAITING, ARRIVED, RECONCILED, NOT_PAID = "waiting", "arrived", "reconciled", "not_paid"
"""Expected; told by the platform's notice; asked for and found paid; asked for and not paid until the end."""

OPEN = (WAITING, NOT_PAID)
MAX_ORDER = 64
MAX_ERROR_LENGTH = 500

expected_payments = Table(
    "expected_payments",
    metadata,
    Column("channel", ExactText(64), primary_key=True),
    Column("order_number", ExactText(MAX_ORDER), primary_key=True),
    Column("state", String(16), nullable=False),
    # When it is asked for; null where nobody expected it.
    Column("due_at", UtcDateTime),
    # The event whose dispatch asks, and the one that tells of the payment, with its type.
    Column("check_id", String(32)),
    Column("event_id", String(32)),
    Column("event_type", ExactText(255)),
    Column("last_error", ExactText(MAX_ERROR_LENGTH)),
    Column("changed_at", UtcDateTime, nullable=False),
    Index("ix_expected_payments_changed_at", "changed_at"),
)


class Paid(NamedTuple):
    """That an order was paid, by which event; `asked` says that the platform was asked for it."""

    channel: str
    order: str
    event_id: str
    event_type: str
    at: datetime
    asked: bool = False


def find_payment(tx: Connection, channel: str, order: str) -> Row[Any] | None:
    """Return what is known of an order."""
    return tx.execute(select(expected_payments).where(_is(channel, order))).one_or_none()


def note_paid(tx: Connection, paid: Paid) -> str | None:
    """Write that an order was paid; return the event that told so before, when this one is only a copy of it.

    A notice that follows one that was asked for is a copy where it is of the same type; of two notices neither is.
    """
    state = RECONCILED if paid.asked else ARRIVED
    told = {"state": state, "event_id": paid.event_id, "event_type": paid.event_type, "changed_at": paid.at}
    key = {"channel": paid.channel, "order_number": paid.order}
    if not paid.asked and insert_once(tx, expected_payments, key | told):
        return None
    is_open = and_(_is(paid.channel, paid.order), expected_payments.c.state.in_(OPEN))
    if tx.execute(expected_payments.update().where(is_open).values(**told, last_error=None)).rowcount:
        return None
    known = find_payment(tx, paid.channel, paid.order)
    if known is None or known.event_id == paid.event_id:
        return None
    is_copy = paid.asked or (known.state == RECONCILED and known.event_type == paid.event_type)
    return str(known.event_id) if is_copy else None


def expect(
    tx: Connection, channel: str, order: str, *, due_at: datetime, check_id: str, now: datetime
) -> bool:
    """Write that somebody waits for an order; False where it is paid already. Who waits anew asks at the new time."""
    waits = {"state": WAITING, "due_at": due_at, "check_id": check_id, "changed_at": now, "last_error": None}
    key = {"channel": channel, "order_number": order}
    if insert_once(tx, expected_payments, key | waits):
        return True
    is_open = and_(_is(channel, order), expected_payments.c.state.in_(OPEN))
    return bool(tx.execute(expected_payments.update().where(is_open).values(**waits)).rowcount)


def give_up_payment(tx: Connection, channel: str, order: str, *, check_id: str, now: datetime) -> bool:
    """Write that an order was not paid until the last time it was asked for."""
    return _change_waiting(tx, channel, order, check_id, {"state": NOT_PAID, "changed_at": now})


def note_failed_question(tx: Connection, channel: str, order: str, *, check_id: str, error: str) -> bool:
    """Write why the platform could not be asked; the order is waited for all the same."""
    return _change_waiting(tx, channel, order, check_id, {"last_error": storable(error, MAX_ERROR_LENGTH)})


def list_payments(
    tx: Connection, *, channel: str | None, state: str | None, after: tuple[str, str] | None, limit: int
) -> list[Row[Any]]:
    """Return expected orders by channel and number, those behind `after`; paid ones that nobody expected are left out."""
    table = expected_payments.c
    query = select(expected_payments).where(table.due_at.is_not(None))
    if channel is not None:
        query = query.where(table.channel == channel)
    if state is not None:
        query = query.where(table.state == state)
    if after is not None:
        is_behind = (table.channel > after[0]) | (
            (table.channel == after[0]) & (table.order_number > after[1])
        )
        query = query.where(is_behind)
    return list(tx.execute(query.order_by(table.channel, table.order_number).limit(limit)))


def delete_old_payments(tx: Connection, before: datetime) -> int:
    """Forget orders of which nothing was heard since; whoever still waits for one that long waits in vain."""
    return tx.execute(expected_payments.delete().where(expected_payments.c.changed_at < before)).rowcount


def _change_waiting(tx: Connection, channel: str, order: str, check_id: str, values: dict[str, Any]) -> bool:
    waits = and_(
        _is(channel, order),
        expected_payments.c.state == WAITING,
        expected_payments.c.check_id == check_id,
    )
    return bool(tx.execute(expected_payments.update().where(waits).values(**values)).rowcount)


def _is(channel: str, order: str) -> ColumnElement[bool]:
    return and_(expected_payments.c.channel == channel, expected_payments.c.order_number == order)
