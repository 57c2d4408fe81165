"""What a callback says and where it goes: from raw bytes to events that are ready to be stored.

Pure and quick, so that an event loop may run it: nothing here waits for a network, the store or a user's code. What
on_loop.py keeps away from the loop (is_quick) are the exceptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.core.accounts import NoticeSource
from app.core.address_ports import SubAddresses
from app.core.errors import PayloadError, RefusedError
from app.core.exact_json import write_json
from app.core.identifiers import new_id
from app.core.payments import PaymentSource
from app.core.ports import BatchSource, BindSource, SetUpSource, WebhookSource
from app.core.storable import storable, storable_key
from app.core.traces import TRACE
from app.core.values import Event, InboundRequest, Outcome, ParsedEvent, Reply, Situation, Verified
from app.pipeline.channels import Channel, channel_path
from app.pipeline.evidence import Kept, kept_of, seal_exact
from app.pipeline.inbound.accept import Arrival, Ready, make_ready
from app.pipeline.inbound.pressure import turned_away
from app.pipeline.inbound.proof import let_in, prove
from app.pipeline.inbound.set_up_checks import CHALLENGE, note_check
from app.pipeline.inbound.telling import TURNED_AWAY, Answered
from app.pipeline.overrides import check_is_on
from app.pipeline.router import Route
from app.pipeline.services import Services
from app.storage.expected_payments import MAX_ORDER

MAX_KEY_LENGTH = 255
MAX_SUBJECT_LENGTH = 255
MAX_TYPE_LENGTH = 255
MAX_VERSION_LENGTH = 8
MOST_EVENTS = 1000
"""Events that one delivery may hold."""

NOTHING = ParsedEvent("nothing", None, {})
"""What an empty batch is answered for."""


class Proven(NamedTuple):
    """A request that passed every check, and what it says: mostly one event."""

    channel: Channel
    source: WebhookSource
    request: InboundRequest
    verified: Verified
    parsed: Sequence[ParsedEvent]
    trace_id: str


class SetUp(NamedTuple):
    """A set-up request that needs no proof: the name of its form, and its answer."""

    kind: str
    answer: Reply


class Prepared(NamedTuple):
    """A proven request whose events are ready to be stored."""

    proven: Proven
    ready: Ready


class UnknownEventError(RefusedError):
    """No route takes any of the events, on a channel that refuses such; `reply` is the platform's own answer."""

    def __init__(self, reply: Reply, event_type: str):
        super().__init__(
            "unknown_event_type",
            f"No handler and no destination takes events of type {event_type!r} of this channel; add a route, or set "
            'unknown_events = "store".',
            http_status=reply.status,
        )
        self.reply = reply


def admit(services: Services, channel_name: str, method: str) -> int:
    """Judge a callback by its head alone and return how many bytes its body may have; raises RefusedError."""
    channel, source = services.channels.with_capability(channel_name, WebhookSource)
    check_is_on(services, channel.name)
    _check_method(source, method)
    return longest_body(services, channel)


def longest_body(services: Services, channel: Channel | None) -> int:
    """Return how many bytes the body of a delivery to this channel may have."""
    own = channel.config.max_body_bytes if channel is not None else None
    return own or services.settings.max_body_bytes


def prepare(
    services: Services, channel_name: str, request: InboundRequest, *, trace_id: str
) -> Answered | Prepared:
    """Return what is to be stored, or an answer: a set-up request's, or one that turns the delivery away under pressure.

    Raises CallgateError for every other refusal. The steps are 1 to 7 of receive.py. Whoever stores nothing of it gives the engine's places back (accept.give_up).
    """
    channel, source = services.channels.with_capability(channel_name, WebhookSource)
    _check_method(source, request.method)
    let_in(services, channel, request)
    if (set_up := _set_up(channel, request)) is not None:
        note_check(services, channel.name, request, kind=set_up.kind, trace_id=trace_id)
        return Answered(set_up.answer)
    verified = prove(services, channel, source, request)
    if (answer := source.challenge(request, verified)) is not None:
        note_check(services, channel.name, request, kind=CHALLENGE, trace_id=trace_id)
        return Answered(answer)
    if services.runtime.pressure.over and (
        away := turned_away(services, channel, request, trace_id=trace_id)
    ):
        return Answered(away, TURNED_AWAY)
    parsed = _parsed(channel, source, request, verified)
    return _prepared(services, Proven(channel, source, request, verified, parsed, trace_id))


def _prepared(services: Services, proven: Proven) -> Prepared:
    kept = kept_of(proven.channel, proven.request, proven.verified, proven.parsed)
    arrivals = [_arrival(services, proven, kept, position) for position in range(len(proven.parsed))]
    if proven.channel.rejects_unknown_events and not any(arrival.routes for arrival in arrivals):
        raise _unknown(proven)
    ready = make_ready(
        services,
        arrivals,
        remote_addr=proven.request.remote_addr,
        verified=proven.verified,
        window_days=proven.channel.config.dedupe_window_days,
    )
    return Prepared(proven, ready)


def _unknown(proven: Proven) -> UnknownEventError:
    first = proven.parsed[0] if proven.parsed else NOTHING
    outcome = Outcome(Situation.UNKNOWN_EVENT_TYPE, None, first, trace_id=proven.trace_id)
    return UnknownEventError(proven.source.acknowledge(proven.request, proven.verified, outcome), first.type)


def _check_method(source: WebhookSource, method: str) -> None:
    if method not in source.methods:
        allowed = ", ".join(source.methods)
        raise RefusedError("method_not_allowed", f"This platform sends {allowed} only.", http_status=405)


def _set_up(channel: Channel, request: InboundRequest) -> SetUp | None:
    set_up = channel.as_capability(SetUpSource)
    for each in set_up.handshakes if set_up else ():
        if (answer := each.answer(request, request.received_at)) is not None:
            return SetUp(each.name, answer)
    return None


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
    """Fit what a platform sent into the columns, whatever text it is."""
    kind, key, subject = parsed.type, parsed.key, parsed.subject
    fitting = (
        storable(kind, MAX_TYPE_LENGTH),
        None if key is None else storable_key(key, MAX_KEY_LENGTH),
        None if subject is None else storable(subject, MAX_SUBJECT_LENGTH),
    )
    if fitting == (kind, key, subject):
        return parsed
    return parsed._replace(type=fitting[0], key=fitting[1], subject=fitting[2])


def _arrival(services: Services, proven: Proven, kept: Kept | None, position: int) -> Arrival:
    request, parsed = proven.request, proven.parsed[position]
    event_id, traceparent = _id_and_trace(proven, position)
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
        raw=request.body if position == 0 else write_json(parsed.data),
        headers=request.headers,
        query_string=request.query_string,
        version=storable(request.version, MAX_VERSION_LENGTH),
        path_rest=_rest_of_path(proven.channel, request),
        traceparent=traceparent,
    )
    sealed = None
    if kept is not None:
        event = kept.applied_to(event, position)
        sealed = seal_exact(services.vault, event_id, kept.exact) if position == 0 else None
    routes = routes_for(services, proven.channel, event)
    return Arrival(
        event, routes, claims_key=parsed.key is not None, sealed=sealed, order=_paid_order(proven, parsed)
    )


def _id_and_trace(proven: Proven, position: int) -> tuple[str, str]:
    """Return an event's id, and its trace where that is not the id itself.

    The first event of a delivery whose sender named no trace has the id of the trace that began with it, so nothing more is stored.
    """
    trace = TRACE.get()
    if trace is None or trace.trace_id != proven.trace_id:
        return new_id(proven.request.received_at), ""
    if position == 0 and trace.parent_id is None:
        return trace.trace_id, ""
    return new_id(proven.request.received_at), trace.traceparent


def _paid_order(proven: Proven, parsed: ParsedEvent) -> str | None:
    """Return the order that an event says is paid, where its platform tells of payments and the number fits the store."""
    source = proven.channel.as_capability(PaymentSource)
    order = None if source is None else source.paid_order(parsed)
    return order if order is not None and storable(order, MAX_ORDER) == order else None


def _rest_of_path(channel: Channel, request: InboundRequest) -> str:
    """Return what stands behind the channel's name, where its addresses may go on: it may be signed, or name an account."""
    if channel.as_capability(SubAddresses) is None:
        return ""
    own = channel_path(channel.name)
    return request.path[len(own) :] if request.path.startswith(own) else ""


def routes_for(services: Services, channel: Channel, event: Event) -> tuple[Route, ...]:
    """Return the routes of an event; the built-in ones come first where the event says something about them."""
    routes = services.matching(channel.name, channel.spec.slug, event.type, event.version)
    binder = channel.as_capability(BindSource) if services.bind_route is not None else None
    if services.bind_route is not None and binder is not None and binder.bind_signal(event) is not None:
        routes = (services.bind_route, *routes)
    accounts = channel.as_capability(NoticeSource) if services.authorisations is not None else None
    if services.authorisations is None or accounts is None:
        return routes
    told = ParsedEvent(event.type, event.key, event.data, event.subject, event.occurred_at)
    return routes if accounts.notice(told) is None else (services.authorisations, *routes)
