"""Receiving a callback: from raw bytes to the platform's own answer. Nothing is acknowledged before it is committed.

`receive` reads top to bottom in the order of CONTRACT §5. Running handlers is pipeline/dispatch/attempts.py.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import NamedTuple

import orjson
import structlog

from app.core.errors import CallgateError, PayloadError, RefusedError, RequestError
from app.core.identifiers import new_id
from app.core.ports import BatchSource, BindSource, RefusalWording, SetUpSource, WebhookSource
from app.core.values import Event, InboundRequest, Outcome, ParsedEvent, Reply, Situation, Verified
from app.pipeline.channels import Channel
from app.pipeline.inbound.accept import Arrival, accept
from app.pipeline.inbound.inline import InlineAnswer, answer_of_stored, run_inline
from app.pipeline.inbound.proof import keep_rejection, let_in, prove
from app.pipeline.router import Route
from app.pipeline.services import Services
from app.storage.queue.acceptance import Accepted

MAX_KEY_LENGTH = 255
MAX_SUBJECT_LENGTH = 255
MAX_TYPE_LENGTH = 255
MOST_EVENTS = 1000
"""Events that one delivery may hold."""

NOTHING = ParsedEvent("nothing", None, {})
"""What an empty batch is answered for."""

log = structlog.get_logger(__name__)


class Proven(NamedTuple):
    """A request that passed every check, and what it says: mostly one event."""

    channel: Channel
    source: WebhookSource
    request: InboundRequest
    verified: Verified
    parsed: Sequence[ParsedEvent]
    trace_id: str


def receive(services: Services, channel_name: str, request: InboundRequest, *, trace_id: str) -> Reply:
    """Take one delivery and return the platform's own answer; raises CallgateError for every refusal.

    1. The channel must exist and take callbacks, by this method.
    2. The address and the rate must be allowed.
    3. A set-up request that needs no proof is answered and not stored.
    4. The platform proves the sender over the raw bytes.
    5. A set-up challenge is answered and not stored.
    6. The platform says what happened: one event, or several.
    7. The events and their dispatches are stored in one commit, or the earlier copies are found.
    8. Inline handlers run.
    9. The platform words the answer; a refusal too, where it has words for it.
    """
    try:
        return _receive(services, channel_name, request, trace_id)
    except CallgateError as error:
        keep_rejection(services, channel_name, request, error, trace_id=trace_id)
        reply = _worded_refusal(services, channel_name, request, error)
        if reply is None:
            raise
        return reply


def _receive(services: Services, channel_name: str, request: InboundRequest, trace_id: str) -> Reply:
    channel, source = services.channels.with_capability(channel_name, WebhookSource)
    _check_method(source, request)
    let_in(services, channel, request)
    if (answer := _set_up(channel, request)) is not None:
        return answer
    verified = prove(services, channel, source, request)
    if (answer := source.challenge(request, verified)) is not None:
        return answer
    parsed = _parsed(channel, source, request, verified)
    return _store_and_answer(services, Proven(channel, source, request, verified, parsed, trace_id))


def _worded_refusal(
    services: Services, channel_name: str, request: InboundRequest, error: CallgateError
) -> Reply | None:
    channel = services.channels.get(channel_name)
    wording = None if channel is None else channel.as_capability(RefusalWording)
    return wording.refuse(request, error) if wording is not None and isinstance(error, RequestError) else None


def _check_method(source: WebhookSource, request: InboundRequest) -> None:
    if request.method not in source.methods:
        allowed = ", ".join(source.methods)
        raise RefusedError("method_not_allowed", f"This platform sends {allowed} only.", http_status=405)


def _set_up(channel: Channel, request: InboundRequest) -> Reply | None:
    set_up = channel.as_capability(SetUpSource)
    answers = (each.answer(request, request.received_at) for each in set_up.handshakes) if set_up else ()
    return next((answer for answer in answers if answer is not None), None)


def _parsed(
    channel: Channel, source: WebhookSource, request: InboundRequest, verified: Verified
) -> Sequence[ParsedEvent]:
    batch = channel.as_capability(BatchSource)
    if batch is None:
        return (_bounded(source.parse(request, verified)),)
    found = batch.parse_batch(request, verified)
    if len(found) > MOST_EVENTS:
        raise PayloadError(
            "too_many_events", message=f"One delivery may hold {MOST_EVENTS} events; it held {len(found)}."
        )
    return [_bounded(each) for each in found]


def _bounded(parsed: ParsedEvent) -> ParsedEvent:
    """Fit what a platform sent into the columns; a key too long is replaced by its digest, which identifies as well."""
    key, subject = parsed.key, parsed.subject
    if key is not None and len(key) > MAX_KEY_LENGTH:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        parsed = parsed._replace(key=f"sha256:{digest}")
    if subject is not None and len(subject) > MAX_SUBJECT_LENGTH:
        parsed = parsed._replace(subject=subject[:MAX_SUBJECT_LENGTH])
    if len(parsed.type) > MAX_TYPE_LENGTH:
        parsed = parsed._replace(type=parsed.type[:MAX_TYPE_LENGTH])
    return parsed


def _store_and_answer(services: Services, proven: Proven) -> Reply:
    arrivals = [_arrival(services, proven, position) for position in range(len(proven.parsed))]
    if proven.channel.rejects_unknown_events and not any(arrival.routes for arrival in arrivals):
        return _refuse_unknown(services, proven)
    stored = accept(
        services,
        arrivals,
        remote_addr=proven.request.remote_addr,
        verified=proven.verified,
        window_days=proven.channel.config.dedupe_window_days,
    )
    for arrival, accepted in zip(arrivals, stored, strict=True):
        # Every event can be looked up in the store, so a line for each is for those who look for a fault.
        log.debug(
            "event_received" if accepted.is_new else "event_repeated",
            channel=arrival.event.channel,
            event_id=accepted.event_id,
            event_type=arrival.event.type,
            event_key=arrival.event.key,
        )
    answer = _answer(services, proven, arrivals, stored)
    return _acknowledge(services, proven, stored[0].event_id if stored else None, answer)


def _refuse_unknown(services: Services, proven: Proven) -> Reply:
    first = proven.parsed[0] if proven.parsed else NOTHING
    outcome = Outcome(Situation.UNKNOWN_EVENT_TYPE, None, first, trace_id=proven.trace_id)
    reply = proven.source.acknowledge(proven.request, proven.verified, outcome)
    refusal = RefusedError("unknown_event_type", "no route takes this type", http_status=reply.status)
    keep_rejection(services, proven.channel.name, proven.request, refusal, trace_id=proven.trace_id)
    return reply


def _arrival(services: Services, proven: Proven, position: int) -> Arrival:
    request, parsed = proven.request, proven.parsed[position]
    event_id = new_id(request.received_at)
    event = Event(
        id=event_id,
        channel=proven.channel.name,
        platform=proven.channel.spec.slug,
        type=parsed.type,
        key=parsed.key if parsed.key is not None else event_id,
        subject=parsed.subject,
        occurred_at=parsed.occurred_at,
        received_at=request.received_at,
        data=parsed.data,
        # The whole delivery is kept once: a thousand events must not store a thousand copies of it.
        raw=request.body if position == 0 else orjson.dumps(parsed.data),
        headers=request.headers,
        query_string=request.query_string,
        version=request.version,
    )
    routes = routes_for(services, proven.channel, event)
    return Arrival(event, routes, claims_key=parsed.key is not None)


def routes_for(services: Services, channel: Channel, event: Event) -> tuple[Route, ...]:
    """Return the routes of an event; binding comes first where the event says something about it."""
    routes = services.matching(channel.name, channel.spec.slug, event.type, event.version)
    binder = channel.as_capability(BindSource) if services.bind_route is not None else None
    if services.bind_route is None or binder is None or binder.bind_signal(event) is None:
        return routes
    return (services.bind_route, *routes)


def _answer(
    services: Services, proven: Proven, arrivals: Sequence[Arrival], stored: Sequence[Accepted]
) -> InlineAnswer:
    """Run the inline handlers of each event in turn, within the time that the platform waits for all of them."""
    within = proven.source.answer_within
    if len(arrivals) == 1:
        return _answer_one(services, arrivals[0], stored[0], within)
    started = time.monotonic()
    answers = []
    for arrival, accepted in zip(arrivals, stored, strict=True):
        left = None if within is None else max(0.0, within - (time.monotonic() - started))
        answers.append(_answer_one(services, arrival, accepted, left))
    return _together(answers)


def _answer_one(
    services: Services, arrival: Arrival, accepted: Accepted, within: float | None
) -> InlineAnswer:
    """Run the inline handlers of a new event; a copy gets what the first one came to."""
    inline = [route for route in arrival.routes if route.inline]
    if not inline:
        return InlineAnswer(Situation.ACCEPTED if accepted.is_new else Situation.ALREADY_PROCESSED)
    if accepted.is_new:
        return run_inline(services, arrival.event, inline, accepted.claims, answer_within=within)
    return answer_of_stored(services, accepted.event_id, inline, answer_within=within)


def _together(answers: Sequence[InlineAnswer]) -> InlineAnswer:
    """Return one answer for several events: the worst of them, and the first result that is not None."""
    worst_first = (
        Situation.HANDLER_FAILED,
        Situation.STILL_RUNNING,
        Situation.SUCCESS,
        Situation.ACCEPTED,
        Situation.ALREADY_PROCESSED,
    )
    said = {answer.situation for answer in answers}
    situation = next((each for each in worst_first if each in said), Situation.ACCEPTED)
    return InlineAnswer(situation, next((each.data for each in answers if each.data is not None), None))


def _acknowledge(services: Services, proven: Proven, event_id: str | None, answer: InlineAnswer) -> Reply:
    outcome = Outcome(
        situation=answer.situation,
        event_id=event_id,
        event=proven.parsed[0] if proven.parsed else NOTHING,
        data=answer.data,
        now=services.clock.now(),
        trace_id=proven.trace_id,
    )
    return proven.source.acknowledge(proven.request, proven.verified, outcome)
