"""Receiving a callback: from raw bytes to the platform's own answer. Nothing is acknowledged before it is committed.

`receive` is the way of a thread, on_loop.py that of an event loop; both take the same three steps in the same order.
"""

from __future__ import annotations

import time

from app.core.errors import CallgateError, RequestError
from app.core.ports import RefusalWording
from app.core.values import InboundRequest, Reply
from app.pipeline.inbound.accept import accept
from app.pipeline.inbound.answer import answer
from app.pipeline.inbound.prepare import UnknownEventError, prepare
from app.pipeline.inbound.proof import counted, keep_rejection
from app.pipeline.inbound.reasons import name_the_encoding
from app.pipeline.inbound.telling import Answered, Delivery, tell_answered, tell_refused
from app.pipeline.services import Services


def receive(
    services: Services,
    channel_name: str,
    request: InboundRequest,
    *,
    trace_id: str,
    began: float | None = None,
) -> Reply:
    """Take one delivery and return the platform's own answer; raises CallgateError for every refusal.

    1. The channel must exist and take callbacks, by this method.
    2. The address and the rate must be allowed.
    3. A set-up request that needs no proof is answered and not stored.
    4. The platform proves the sender over the raw bytes.
    5. A set-up challenge is answered and not stored.
    6. Under pressure it is turned away, where the platform sends again.
    7. The platform says what happened: one event, or several; routes are found for each.
    8. The events and their dispatches are stored in one commit, or the earlier copies are found.
    9. Inline handlers run.
    10. The platform words the answer; a refusal too, where it has words for it.

    `prepare` is 1 to 7, `accept` 8, `answer` 9 and 10. `began` is when its head was there, by time.perf_counter.
    """
    delivery = Delivery(channel_name, request, trace_id, time.perf_counter() if began is None else began)
    try:
        answered = take(services, channel_name, request, trace_id=trace_id)
    except CallgateError as error:
        return refuse(services, delivery, error)
    tell_answered(services, delivery, answered)
    return answered.reply


def take(services: Services, channel_name: str, request: InboundRequest, *, trace_id: str) -> Answered:
    """Take one delivery without telling of it, and without looking after what becomes of a refusal."""
    prepared = prepare(services, channel_name, request, trace_id=trace_id)
    if isinstance(prepared, Answered):
        return prepared
    return answer(services, prepared, accept(services, prepared.ready))


def refuse(services: Services, delivery: Delivery, error: CallgateError) -> Reply:
    """Keep a refusal for operators and return the platform's words for it; raises it where there are none.

    This counts and stores, so a loop leaves it to a thread.
    """
    request, name = delivery.request, delivery.channel
    error = counted(services, request, error)
    name_the_encoding(request, error)
    why = keep_rejection(services, name, request, error, trace_id=delivery.trace_id)
    reply = error.reply if isinstance(error, UnknownEventError) else _worded(services, name, request, error)
    tell_refused(services, delivery, error, reply=reply, why=why)
    if reply is None:
        raise error
    return reply


def _worded(
    services: Services, channel_name: str, request: InboundRequest, error: CallgateError
) -> Reply | None:
    channel = services.channels.get(channel_name)
    wording = None if channel is None else channel.as_capability(RefusalWording)
    if wording is None or not isinstance(error, RequestError):
        return None
    reply = wording.refuse(request, error)
    return None if reply is None else reply._replace(retry_after=error.retry_after)
