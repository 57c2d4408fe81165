"""Accepting: a proven event is stored once with its dispatches, and what can start at once is handed to the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from app.core.errors import VerificationError
from app.core.identifiers import OrderedIds
from app.core.states import EventState
from app.core.values import Event
from app.pipeline.dispatch.ordering import order_key
from app.pipeline.router import Route
from app.pipeline.services import Services
from app.storage.inbox.events import NewEvent
from app.storage.queue.acceptance import Acceptance, Accepted, accept_many
from app.storage.queue.dispatches import Claim, NewDispatch

NONCE_LIFETIME = timedelta(seconds=600)
DISPATCH_IDS = OrderedIds()
"""Dispatches with an order key run in the order of their ids."""


class Evidence(NamedTuple):
    """What is known about a delivery beside its event; `key_counts` is False where the platform gave no key."""

    key_counts: bool
    remote_addr: str
    scheme: str
    version: str
    nonce: str | None
    window_days: int


class Stored(NamedTuple):
    """Which event holds the key, whether it is new, and the inline dispatches to run before the answer."""

    event_id: str
    is_new: bool
    inline_claims: tuple[Claim, ...]


def accept(services: Services, event: Event, routes: Sequence[Route], evidence: Evidence) -> Stored:
    """Store an event, together with whatever else arrives at this moment; raises VerificationError for a used nonce.

    1. Places in the engine are set aside for background dispatches; without places they wait in the store,
       and so do those with an order key, which only the claim may start.
    2. One commit stores the event and its dispatches, those that start at once with a lease.
    3. The engine takes over what it has places for; when the event was a copy, it gets its places back.
    """
    inline = {route.name for route in routes if route.inline}
    keys = _order_keys(services, event, routes)
    wanted = len(routes) - len(inline) - len(keys)
    engine = services.engine
    reserved = wanted if engine is not None and wanted and engine.reserve(wanted) else 0
    try:
        acceptance = _acceptance(services, event, routes, evidence, keys, all_start=bool(reserved))
        accepted = services.accepts.run(accept_many, acceptance)
    except BaseException:
        if engine is not None and reserved:
            engine.release(reserved)
        raise
    background = [claim for claim in accepted.claims if claim.route not in inline]
    if engine is not None and reserved:
        engine.release(reserved - len(background))
        engine.hand_over(event, background)
    if accepted.is_new and (keys or (wanted and not reserved)):
        services.wake()
    return _stored(accepted, inline)


def _stored(accepted: Accepted, inline: set[str]) -> Stored:
    if accepted.nonce_is_used:
        raise VerificationError(
            "nonce_reused",
            code="nonce_reused",
            message="This nonce was used before; sign each delivery with a fresh one.",
        )
    claims = tuple(claim for claim in accepted.claims if claim.route in inline)
    return Stored(accepted.event_id, accepted.is_new, claims)


def _order_keys(services: Services, event: Event, routes: Sequence[Route]) -> dict[str, str]:
    """Return the order keys of those routes on which this event has one."""
    channel = services.channels.get(event.channel)
    if channel is None:
        return {}
    keys = ((route.name, order_key(channel, route, event)) for route in routes)
    return {name: key for name, key in keys if key is not None}


def _acceptance(
    services: Services,
    event: Event,
    routes: Sequence[Route],
    evidence: Evidence,
    keys: Mapping[str, str],
    *,
    all_start: bool,
) -> Acceptance:
    """Put together what is written in one commit."""
    now = services.clock.now()
    lease_until = now + timedelta(seconds=services.lease_seconds)
    new = NewEvent(
        event=event,
        claims_key=evidence.key_counts,
        state=_first_state(routes, all_start=all_start),
        remote_addr=evidence.remote_addr,
        scheme=evidence.scheme,
        version=evidence.version,
    )
    dispatches = tuple(
        NewDispatch(
            DISPATCH_IDS.next(now),
            event.id,
            route.name,
            due_at=now,
            lease_until=lease_until if route.inline or (all_start and route.name not in keys) else None,
            order_key=keys.get(route.name),
        )
        for route in routes
    )
    return Acceptance(
        new=new,
        dispatches=dispatches,
        window=timedelta(days=evidence.window_days),
        now=now,
        nonce=evidence.nonce,
        nonce_expires_at=event.received_at + NONCE_LIFETIME,
    )


def _first_state(routes: Sequence[Route], *, all_start: bool) -> EventState:
    if not routes:
        return EventState.IGNORED
    starts = all_start or any(route.inline for route in routes)
    return EventState.PROCESSING if starts else EventState.RECEIVED
