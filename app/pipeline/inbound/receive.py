"""Receiving a callback: from raw bytes to the platform's own answer. Nothing is acknowledged before it is committed.

`receive` reads top to bottom in the order of CONTRACT §5. Running handlers is pipeline/dispatch/attempts.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import structlog

from app.core.errors import CallgateError, RefusedError, VerificationError
from app.core.identifiers import new_id
from app.core.ports import BindSource, WebhookSource
from app.core.values import Event, InboundRequest, Outcome, ParsedEvent, Reply, Situation, Verified
from app.pipeline.channels import Channel
from app.pipeline.inbound.accept import Evidence, Stored, accept
from app.pipeline.inbound.inline import InlineAnswer, answer_of_stored, run_inline
from app.pipeline.inbound.proof import check_address, check_rate, count_bad_signature, keep_rejection
from app.pipeline.router import Route
from app.pipeline.services import Services

MAX_KEY_LENGTH = 255
MAX_SUBJECT_LENGTH = 255
MAX_TYPE_LENGTH = 255

log = structlog.get_logger(__name__)


class Proven(NamedTuple):
    """A request that passed every check, and what it says."""

    channel: Channel
    source: WebhookSource
    request: InboundRequest
    verified: Verified
    parsed: ParsedEvent
    trace_id: str


def receive(services: Services, channel_name: str, request: InboundRequest, *, trace_id: str) -> Reply:
    """Take one delivery and return the platform's own answer; raises CallgateError for every refusal.

    1. The channel must exist and take callbacks.
    2. The address and the rate must be allowed.
    3. The platform proves the sender over the raw bytes.
    4. A set-up challenge is answered and not stored.
    5. The platform says what happened.
    6. The event and its dispatches are stored in one commit, or the earlier copy is found.
    7. Inline handlers run.
    8. The platform words the answer.
    """
    try:
        return _receive(services, channel_name, request, trace_id)
    except CallgateError as error:
        keep_rejection(services, channel_name, request, error, trace_id=trace_id)
        raise


def _receive(services: Services, channel_name: str, request: InboundRequest, trace_id: str) -> Reply:
    channel, source = services.channels.with_capability(channel_name, WebhookSource)
    _check_method(source, request)
    check_address(channel, request)
    check_rate(services, channel)
    verified = _verify(services, source, request)
    if (answer := source.challenge(request, verified)) is not None:
        return answer
    parsed = _bounded(source.parse(request, verified))
    return _store_and_answer(services, Proven(channel, source, request, verified, parsed, trace_id))


def _check_method(source: WebhookSource, request: InboundRequest) -> None:
    if request.method not in source.methods:
        allowed = ", ".join(source.methods)
        raise RefusedError("method_not_allowed", f"This platform sends {allowed} only.", http_status=405)


def _verify(services: Services, source: WebhookSource, request: InboundRequest) -> Verified:
    """Prove the sender; repeated failures from one address are throttled without touching its good traffic."""
    try:
        return source.verify(request, request.received_at)
    except VerificationError:
        count_bad_signature(services, request)
        raise


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
    event = _event(proven)
    routes = routes_for(services, proven.channel, event)
    if not routes and proven.channel.rejects_unknown_events:
        outcome = Outcome(Situation.UNKNOWN_EVENT_TYPE, None, proven.parsed, trace_id=proven.trace_id)
        reply = proven.source.acknowledge(proven.request, proven.verified, outcome)
        refusal = RefusedError("unknown_event_type", "no route takes this type", http_status=reply.status)
        keep_rejection(services, proven.channel.name, proven.request, refusal, trace_id=proven.trace_id)
        return reply
    stored = accept(services, event, routes, _evidence(proven))
    # Every event can be looked up in the store, so a line for each is for those who look for a fault.
    log.debug(
        "event_received" if stored.is_new else "event_repeated",
        channel=event.channel,
        event_id=stored.event_id,
        event_type=event.type,
        event_key=event.key,
    )
    answer = _answer(services, proven, event, [route for route in routes if route.inline], stored)
    return _acknowledge(services, proven, stored.event_id, answer)


def _evidence(proven: Proven) -> Evidence:
    return Evidence(
        key_counts=proven.parsed.key is not None,
        remote_addr=proven.request.remote_addr,
        scheme=proven.verified.scheme,
        version=proven.request.version,
        nonce=proven.verified.nonce,
        window_days=proven.channel.config.dedupe_window_days,
    )


def _answer(
    services: Services, proven: Proven, event: Event, inline: Sequence[Route], stored: Stored
) -> InlineAnswer:
    """Run the inline handlers of a new event; a copy gets what the first one came to."""
    within = proven.source.answer_within
    if stored.is_new:
        return run_inline(services, event, inline, stored.inline_claims, answer_within=within)
    return answer_of_stored(services, stored.event_id, inline, answer_within=within)


def _event(proven: Proven) -> Event:
    request, parsed = proven.request, proven.parsed
    event_id = new_id(request.received_at)
    return Event(
        id=event_id,
        channel=proven.channel.name,
        platform=proven.channel.spec.slug,
        type=parsed.type,
        key=parsed.key if parsed.key is not None else event_id,
        subject=parsed.subject,
        occurred_at=parsed.occurred_at,
        received_at=request.received_at,
        data=parsed.data,
        raw=request.body,
        headers=request.headers,
        query_string=request.query_string,
    )


def routes_for(services: Services, channel: Channel, event: Event) -> tuple[Route, ...]:
    """Return the routes of an event; binding comes first where the event says something about it."""
    routes = services.matching(channel.name, channel.spec.slug, event.type)
    binder = channel.as_capability(BindSource) if services.bind_route is not None else None
    if services.bind_route is None or binder is None or binder.bind_signal(event) is None:
        return routes
    return (services.bind_route, *routes)


def _acknowledge(services: Services, proven: Proven, event_id: str, answer: InlineAnswer) -> Reply:
    outcome = Outcome(
        situation=answer.situation,
        event_id=event_id,
        event=proven.parsed,
        data=answer.data,
        now=services.clock.now(),
        trace_id=proven.trace_id,
    )
    return proven.source.acknowledge(proven.request, proven.verified, outcome)
