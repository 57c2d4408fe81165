"""Expecting a payment: an order, the time by which its notice should have come, and a dispatch that is due then."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.core.errors import RefusedError, RequestError
from app.core.exact_json import write_json
from app.core.identifiers import new_id
from app.core.moments import as_text, moment_or_none
from app.core.payments import PaymentSource
from app.core.states import EventState
from app.core.traces import current_traceparent
from app.core.values import Event
from app.pipeline.payments.check import EXPECTED, PAYMENTS, ROUTE_NAME
from app.pipeline.services import Services
from app.storage.database.db import StoredRow, Transaction
from app.storage.expected_payments import expect, find_payment, list_payments
from app.storage.inbox.events import NewEvent
from app.storage.queue.acceptance import Acceptance, accept_many
from app.storage.queue.dispatches import NewDispatch

ORDER = re.compile(r"[A-Za-z0-9_*|@.-]{1,64}")
ZONE = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})\Z")
LONGEST_WAIT = timedelta(days=7)
MOST_SECONDS = int(LONGEST_WAIT.total_seconds())

log = structlog.get_logger(__name__)


def expect_payment(services: Services, channel_name: str, order: str, by: Any) -> dict[str, Any]:
    """Wait for the notice of an order until `by`, then ask the platform; return how the order stands.

    `by` is seconds from now or a time with its zone, at most seven days away. An order that is paid already stays so.
    Raises RefusedError and RequestError.
    """
    store_expectation(services, channel_name, order, by)
    return payment_status(services, channel_name, order)


def store_expectation(
    services: Services, channel_name: str, order: str, by: Any, tx: Transaction | None = None
) -> None:
    """Do the same in a handler's transaction, where there is one, and return nothing."""
    services.channels.with_capability(channel_name, PaymentSource)
    if not isinstance(order, str) or not ORDER.fullmatch(order):
        raise RequestError(
            "bad_order", "order must be your own order number: 1 to 64 letters, digits and _ - * | @ ."
        )
    now = services.clock.now()
    due_at = _due(by, now)
    if tx is not None:
        _store(tx, channel_name, order, due_at, now)
    else:
        services.database.run(lambda own: _store(own, channel_name, order, due_at, now))
    log.info("payment_expected", channel=channel_name, by=as_text(due_at))


def payment_status(services: Services, channel_name: str, order: str) -> dict[str, Any]:
    """Return how an expected order stands; raises RefusedError 404."""
    with services.database.read() as tx:
        row = find_payment(tx, channel_name, order)
    if row is None:
        raise RefusedError(
            "unknown_order", "Nobody expects this order, and no notice told of it.", http_status=404
        )
    return payment_view(row)


def list_payments_page(
    services: Services, *, channel: str | None, state: str | None, after: tuple[str, str] | None, limit: int
) -> list[dict[str, Any]]:
    """Return expected orders by channel and number."""
    with services.database.read() as tx:
        return [
            payment_view(row)
            for row in list_payments(tx, channel=channel, state=state, after=after, limit=limit)
        ]


def payment_view(row: StoredRow) -> dict[str, Any]:
    """Return an order as callers see it."""
    return {
        "channel": row.channel,
        "order": row.order_number,
        "state": row.state,
        "by": as_text(row.due_at),
        "event_id": row.event_id,
        "event_type": row.event_type,
        "last_error": row.last_error,
    }


def _due(by: Any, now: datetime) -> datetime:
    if isinstance(by, int) and not isinstance(by, bool) and 0 < by <= MOST_SECONDS:
        return now + timedelta(seconds=by)
    moment = moment_or_none(by) if isinstance(by, str) and ZONE.search(by) else None
    if moment is None or not now < moment <= now + LONGEST_WAIT:
        raise RequestError(
            "bad_by",
            "by must be seconds from now, or a time to come with its zone (2026-12-01T08:00:00+08:00), at most seven days away.",
        )
    return moment


def _store(tx: Transaction, channel: str, order: str, due_at: datetime, now: datetime) -> None:
    event = _event(channel, order, now)
    if not expect(tx, channel, order, due_at=due_at, check_id=event.id, now=now):
        return
    new = NewEvent(event, False, EventState.SUCCEEDED, "", EXPECTED, None)
    dispatch = NewDispatch(new_id(now), event.id, ROUTE_NAME, due_at=due_at)
    accept_many(tx, [Acceptance(new=new, dispatches=(dispatch,), window=timedelta(days=1), now=now)])


def _event(channel: str, order: str, now: datetime) -> Event:
    event_id, data = new_id(now), {"channel": channel, "order": order}
    return Event(
        id=event_id,
        channel=PAYMENTS,
        platform=PAYMENTS,
        type=EXPECTED,
        key=event_id,
        subject=order,
        occurred_at=None,
        received_at=now,
        data=data,
        raw=write_json(data),
        headers=(),
        traceparent=current_traceparent(),
    )
