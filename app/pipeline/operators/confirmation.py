"""Confirming what an event asks for (an AWS SNS subscription): an operator's decision, one call, audited.

Nothing is confirmed by itself: a genuine signature does not say that somebody here wants what is offered.
"""

from __future__ import annotations

import structlog

from app.core.confirmations import ConfirmableSource
from app.core.errors import RefusedError, UpstreamError
from app.core.values import Event
from app.pipeline.channels import Channel, ask_platform
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services
from app.storage.audit import write_audit
from app.storage.inbox.events import event_from_row, find_event_row

ACTION = "event.confirmed"
GOOD = range(200, 300)

log = structlog.get_logger(__name__)


def confirm_event(services: Services, event_id: str, *, actor: str) -> int:
    """Confirm what an event asks for and return the status of the answer; raises RefusedError, UpstreamError and its kin.

    1. The event is proven once more, with today's keys.
    2. The platform makes the address out of it: on its own origins, never one that the event names.
    3. It is called once.
    4. What came of it is audited.
    """
    said = verify_event(services, event_id)
    if not said["verified"]:
        raise RefusedError("not_proven", f"The event is not proven: {said['reason']}", http_status=409)
    channel, address = _asked_for(services, event_id)
    try:
        status = ask_platform(lambda: _call(channel, address))
    except UpstreamError as error:
        _audit(services, event_id, actor=actor, outcome=error.code)
        raise
    _audit(services, event_id, actor=actor, outcome="done")
    log.info("event_confirmed", event_id=event_id, channel=channel.name, actor=actor, status=status)
    return status


def _call(channel: Channel, address: str) -> int:
    status = channel.http.request("GET", address, headers={"Accept": "*/*"}).status
    if status not in GOOD:
        raise UpstreamError(
            "upstream_client_rejected",
            f"The platform answered {status}: the time to confirm may be over; have it ask again.",
        )
    return status


def _asked_for(services: Services, event_id: str) -> tuple[Channel, str]:
    with services.database.read() as tx:
        row = find_event_row(tx, event_id)
    event: Event | None = None if row is None else event_from_row(row)
    channel = None if event is None else services.channels.get(event.channel)
    source = None if channel is None else channel.as_capability(ConfirmableSource)
    address = None if source is None or event is None else source.confirmation_address(event)
    if channel is None or address is None:
        raise RefusedError("nothing_to_confirm", "This event asks for no confirmation.", http_status=409)
    return channel, address


def _audit(services: Services, event_id: str, *, actor: str, outcome: str) -> None:
    now = services.clock.now()
    with services.database.begin() as tx:
        write_audit(tx, at=now, actor=actor, action=ACTION, target=event_id, outcome=outcome)
