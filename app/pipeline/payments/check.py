"""Asking for a payment whose notice did not come in time: paid, it becomes the event that the notice would have been.

Between a notice that comes late and the answer here the store decides, in one transaction (storage/expected_payments.py).
No network call happens inside it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog

from app.core.errors import CallgateError, PermanentError, Postponed, UpstreamError
from app.core.exact_json import write_json
from app.core.identifiers import new_id
from app.core.payments import PaymentSource
from app.core.traces import current_traceparent
from app.core.values import Event, ParsedEvent, Verified
from app.pipeline.channels import Channel, ask_platform
from app.pipeline.inbound.accept import Arrival, accept, make_ready
from app.pipeline.inbound.prepare import routes_for
from app.pipeline.router import Context, Route
from app.pipeline.services import Services
from app.storage.database.db import StoredRow
from app.storage.expected_payments import (
    WAITING,
    find_payment,
    give_up_payment,
    note_failed_question,
)

PAYMENTS = "payments"
"""Channel and platform of the events that expectations are."""

EXPECTED = "payment.expected"
ROUTE_NAME = "callgate.payment-check"
RECONCILED_SCHEME = "reconciled"
"""Stands where other events say how they were proven: nobody sent this one, the platform answered it."""

ASK_AGAIN = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120))
"""After the time by which a notice should have come, as long as the order is not paid; then it is given up."""

log = structlog.get_logger(__name__)


def payment_route(services: Services) -> Route:
    """Return the built-in route that asks; it runs when an expectation is due."""
    return Route(ROUTE_NAME, PAYMENTS, EXPECTED, lambda event, context: check(services, event, context))


def check(services: Services, event: Event, _context: Context) -> dict[str, Any]:
    """Ask for one order unless its notice has come; return how it stands.

    1. An order that was told of, or is expected anew, needs nothing.
    2. The platform is asked, outside any transaction.
    3. Paid: the event is stored with its dispatches, or its notice was faster.
    4. Not paid: it is asked again a few times, and given up.
    """
    channel_name, order = str(event.data["channel"]), str(event.data["order"])
    row = _waiting(services, channel_name, order, event.id)
    if row is None:
        return {"asked": False}
    found = _asked(services, channel_name, order, event.id)
    if found is not None:
        return _store(services, channel_name, order, found)
    now = services.clock.now()
    again = next_question(row.due_at, now)
    if again is not None:
        raise Postponed(f"The order is not paid yet on {channel_name}.", until=again)
    services.database.run(lambda tx: give_up_payment(tx, channel_name, order, check_id=event.id, now=now))
    log.info("payment_not_paid", channel=channel_name)
    return {"asked": True, "paid": False}


def next_question(due_at: datetime, now: datetime) -> datetime | None:
    """Return when to ask again an order that was due then, None when it was asked often enough."""
    return next((due_at + wait for wait in ASK_AGAIN if due_at + wait > now), None)


def _waiting(services: Services, channel: str, order: str, check_id: str) -> StoredRow | None:
    with services.database.read() as tx:
        row = find_payment(tx, channel, order)
    return row if row is not None and row.state == WAITING and row.check_id == check_id else None


def _asked(services: Services, channel_name: str, order: str, check_id: str) -> ParsedEvent | None:
    """Return what the platform says; what it cannot answer is kept for operators and raised."""
    try:
        channel, source = services.channels.with_capability(channel_name, PaymentSource)
        return ask_platform(lambda: source.ask_payment(order, channel.http, services.clock.now()))
    except CallgateError as error:
        text = error.message
        services.database.run(
            lambda tx: note_failed_question(tx, channel_name, order, check_id=check_id, error=text)
        )
        if isinstance(error, UpstreamError):
            raise
        raise PermanentError(text) from error


def _store(services: Services, channel_name: str, order: str, found: ParsedEvent) -> dict[str, Any]:
    """Store the event as a delivery of its channel is stored, with the order it tells of."""
    channel, _ = services.channels.with_capability(channel_name, PaymentSource)
    event = _event(services, channel, order, found)
    arrival = Arrival(event, routes_for(services, channel, event), claims_key=True, order=order)
    ready = make_ready(
        services,
        [arrival],
        remote_addr="",
        verified=Verified(RECONCILED_SCHEME),
        window_days=channel.config.dedupe_window_days,
        asked=True,
    )
    (stored,) = accept(services, ready)
    log.info("payment_reconciled", channel=channel_name, event_id=stored.event_id, was_told=not stored.is_new)
    return {"asked": True, "paid": True, "event_id": stored.event_id, "was_told": not stored.is_new}


def _event(services: Services, channel: Channel, order: str, found: ParsedEvent) -> Event:
    now = services.clock.now()
    return Event(
        id=new_id(now),
        channel=channel.name,
        platform=channel.spec.slug,
        type=found.type,
        key=found.key or f"{RECONCILED_SCHEME}:{order}",
        subject=found.subject,
        occurred_at=found.occurred_at,
        received_at=now,
        data=found.data,
        raw=write_json(dict(found.data)),
        headers=(("Callgate-Reconciled", "true"),),
        traceparent=current_traceparent(),
    )
