"""Accepting: proven events are stored once with their dispatches, and what can start at once is handed to the engine.

Three steps, so that a loop can wait between them without a thread: make ready, one commit, settle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from app.core.identifiers import OrderedIds
from app.core.states import EventState
from app.core.storable import storable, storable_key
from app.core.timed_spans import begin_span
from app.core.traces import Attributes
from app.core.values import Event, Verified
from app.pipeline.dispatch.ordering import order_key
from app.pipeline.inbound.proof import nonce_end, nonce_was_used
from app.pipeline.router import Route
from app.pipeline.services import Services
from app.storage.expected_payments import Paid
from app.storage.inbox.events import NewEvent
from app.storage.queue.acceptance import Acceptance, Accepted, accept_many
from app.storage.queue.dispatches import NewDispatch

MAX_ADDRESS_LENGTH = 64
MAX_SCHEME_LENGTH = 64
MAX_NONCE_LENGTH = 128
DIGEST_LENGTH = 64
STORE = "store"
"""What a trace calls the commit."""

DISPATCH_IDS = OrderedIds()
"""Dispatches with an order key run in the order of their ids."""


class Arrival(NamedTuple):
    """One event of a delivery and where it goes; `claims_key` is False where the platform gave no key.

    `sealed` is what of the delivery was masked, as it came; `order` is the merchant's number of an order that it says is paid.
    """

    event: Event
    routes: tuple[Route, ...]
    claims_key: bool
    sealed: bytes | None = None
    order: str | None = None


class Ready(NamedTuple):
    """The events of one delivery, ready to be stored; `places` of the `wanted` ones are set aside in the engine."""

    arrivals: Sequence[Arrival]
    order_keys: Sequence[Mapping[str, str]]
    wanted: int
    places: int
    acceptances: Sequence[Acceptance]

    @property
    def has_inline(self) -> bool:
        """Whether the answer hangs on handlers: of this process now, or of the one that took the first copy."""
        return any(route.inline for arrival in self.arrivals for route in arrival.routes)


def make_ready(
    services: Services,
    arrivals: Sequence[Arrival],
    *,
    remote_addr: str,
    verified: Verified,
    window_days: int,
    asked: bool = False,
) -> Ready:
    """Make what one commit will store; quick, and stores nothing.

    Places in the engine are set aside for background dispatches. Without places they wait in the store, and so do
    those with an order key, which only the claim may start. Whoever does not store this gives the places back.
    `asked` says that nobody sent this: the platform was asked (payments/check.py).
    """
    keys = [_order_keys(services, arrival) for arrival in arrivals]
    wanted = sum(map(_places, arrivals, keys))
    places = _reserve(services, wanted)
    try:
        now = services.clock.now()
        window = timedelta(days=window_days)
        acceptances = [
            Acceptance(
                new=_new_event(arrival, verified, remote_addr),
                dispatches=_dispatches(services, arrival, ordered, now, all_start=bool(places)),
                window=window,
                now=now,
                delivery=arrivals[0].event.id,
                nonce=_storable_nonce(verified),
                nonce_expires_at=nonce_end(verified, arrival.event.received_at),
                nonce_bound_to=_storable_bond(verified),
                paid=None if arrival.order is None else _paid(arrival, arrival.order, now, asked=asked),
            )
            for arrival, ordered in zip(arrivals, keys, strict=True)
        ]
    except BaseException:
        _release(services, places)
        raise
    return Ready(arrivals, keys, wanted, places, acceptances)


def accept(services: Services, ready: Ready) -> list[Accepted]:
    """Store the events of one delivery, all or none, together with whatever else arrives at this moment.

    Returns for each which event holds its key, and as claims the inline dispatches to run before the answer; raises
    VerificationError for a used nonce. This waits for the commit in its thread; on a loop, on_loop.py awaits it.
    """
    span = begin_span(STORE)
    try:
        stored = services.accepts.run_many(accept_many, ready.acceptances) if ready.acceptances else ()
    except BaseException:
        give_up(services, ready)
        raise
    if span is not None:
        span.end(told_of_stored(ready, stored))
    return settle(services, ready, stored)


def told_of_stored(ready: Ready, stored: Sequence[Accepted]) -> Attributes:
    """Return what a trace says of what was stored: which event, how many, and how many of them were copies."""
    told: dict[str, str | int | bool] = {
        "callgate.events": len(stored),
        "callgate.duplicates": sum(not accepted.is_new for accepted in stored),
    }
    if stored:
        told |= {"callgate.event_id": stored[0].event_id, "callgate.event_type": ready.arrivals[0].event.type}
    return told


def give_up(services: Services, ready: Ready) -> None:
    """Give the places back of what was not stored."""
    _release(services, ready.places)


def settle(services: Services, ready: Ready, stored: Sequence[Accepted]) -> list[Accepted]:
    """Do what follows a commit: the engine takes over what it has places for, and for copies gets its places back."""
    _start(services, ready.arrivals, stored, ready.places)
    if any(accepted.nonce_is_used for accepted in stored):
        raise nonce_was_used()
    waits = bool(ready.wanted) and not ready.places
    pairs = zip(stored, ready.order_keys, strict=True)
    if any(accepted.is_new and (waits or ordered) for accepted, ordered in pairs):
        services.runtime.wake()
    return [_with_inline_claims(*pair) for pair in zip(ready.arrivals, stored, strict=True)]


def _paid(arrival: Arrival, order: str, now: datetime, *, asked: bool) -> Paid:
    event = arrival.event
    return Paid(event.channel, order, event.id, event.type, now, asked)


def _places(arrival: Arrival, ordered: Mapping[str, str]) -> int:
    """Count the dispatches of an event that could start in the background at once."""
    return sum(not route.inline for route in arrival.routes) - len(ordered)


def _reserve(services: Services, wanted: int) -> int:
    """Set places aside in the engine and return how many: all that are wanted or none."""
    engine = services.runtime.engine
    return wanted if engine is not None and wanted and engine.reserve(wanted) else 0


def _release(services: Services, count: int) -> None:
    if services.runtime.engine is not None and count:
        services.runtime.engine.release(count)


def _start(
    services: Services, arrivals: Sequence[Arrival], stored: Sequence[Accepted], reserved: int
) -> None:
    """Hand the background dispatches over that were stored as running, and give back the places they leave."""
    if services.runtime.engine is None or not reserved:
        return
    background = [
        [claim for claim in accepted.claims if claim.route not in _inline_names(arrival)]
        for arrival, accepted in zip(arrivals, stored, strict=True)
    ]
    _release(services, reserved - sum(map(len, background)))
    for arrival, claims in zip(arrivals, background, strict=True):
        services.runtime.engine.hand_over(arrival.event, claims)


def _with_inline_claims(arrival: Arrival, accepted: Accepted) -> Accepted:
    names = _inline_names(arrival)
    return accepted._replace(claims=tuple(claim for claim in accepted.claims if claim.route in names))


def _inline_names(arrival: Arrival) -> set[str]:
    return {route.name for route in arrival.routes if route.inline}


def _order_keys(services: Services, arrival: Arrival) -> dict[str, str]:
    """Return the order keys of those routes on which this event has one."""
    channel = services.channels.get(arrival.event.channel)
    if channel is None:
        return {}
    ordered = [route for route in arrival.routes if route.order_by or channel.config.order_by]
    keys = ((route.name, order_key(channel, route, arrival.event)) for route in ordered)
    return {name: key for name, key in keys if key is not None}


def _new_event(arrival: Arrival, verified: Verified, remote_addr: str) -> NewEvent:
    return NewEvent(
        event=arrival.event,
        claims_key=arrival.claims_key,
        state=EventState.SUCCEEDED if arrival.routes else EventState.IGNORED,
        remote_addr=storable(remote_addr, MAX_ADDRESS_LENGTH),
        scheme=storable(verified.scheme, MAX_SCHEME_LENGTH),
        sealed=arrival.sealed,
    )


def _storable_nonce(verified: Verified) -> str | None:
    return None if verified.nonce is None else storable_key(verified.nonce, MAX_NONCE_LENGTH)


def _storable_bond(verified: Verified) -> str | None:
    """Return what a nonce is bound to; of a text that does not fit the 64 digits of its digest."""
    bond = verified.nonce_bound_to
    return None if bond is None else storable_key(bond, DIGEST_LENGTH).removeprefix("sha256:")


def _dispatches(
    services: Services, arrival: Arrival, ordered: Mapping[str, str], now: datetime, *, all_start: bool
) -> tuple[NewDispatch, ...]:
    lease_until = now + timedelta(seconds=services.lease_seconds)
    return tuple(
        NewDispatch(
            DISPATCH_IDS.next(now),
            arrival.event.id,
            route.name,
            due_at=now,
            lease_until=lease_until if route.inline or (all_start and route.name not in ordered) else None,
            order_key=ordered.get(route.name),
        )
        for route in arrival.routes
    )
