"""What a death brings about: handlers registered with `@router.on_dead` get dispatches of their own.

They are stored in the transaction that makes the dead letter, so a death and what follows from it are there together or
not at all. From then on they are dispatches like any other, with a lease, attempts and retries; only when one of them
dies nothing follows, so that a handler of deaths that fails cannot call itself for ever.
"""

from __future__ import annotations

from datetime import datetime

from app.core.errors import PermanentError
from app.core.identifiers import new_id
from app.core.values import Event
from app.pipeline.own_events import DISPATCH_DEAD, OWN_CHANNEL
from app.pipeline.router import Context, Death, OnDeadName, read_on_dead_name
from app.pipeline.services import Services
from app.storage.database.db import Transaction
from app.storage.queue.dead_letters import find_death
from app.storage.queue.dispatches import Claim, NewDispatch, insert_dispatches


def store_what_follows(
    services: Services, tx: Transaction, event: Event, claim: Claim, *, error: str, now: datetime
) -> None:
    """Store a dispatch for each handler that wants to know of this death, and tell our own event of it.

    Call it in the death's own transaction. What dies of our own events is not told again, or it would never end.
    """
    if read_on_dead_name(claim.route) is not None:
        return
    insert_dispatches(
        tx,
        [
            NewDispatch(
                new_id(now),
                event.id,
                str(OnDeadName(route.name, claim.dispatch_id, claim.attempt)),
                due_at=now,
            )
            for route in services.router.matching_death(event, claim.route)
        ],
    )
    if event.channel != OWN_CHANNEL:
        _tell(services, tx, event, claim, error)


def _tell(services: Services, tx: Transaction, event: Event, claim: Claim, error: str) -> None:
    data = {
        "event_id": event.id,
        "channel": event.channel,
        "platform": event.platform,
        "type": event.type,
        "dispatch_id": claim.dispatch_id,
        "route": claim.route,
        "attempts": claim.attempt,
        "error": error,
    }
    services.own_events.tell(tx, DISPATCH_DEAD, data, subject=event.id)


def context_of_death(services: Services, claim: Claim, tx: Transaction | None = None) -> Context:
    """Return what a handler of deaths gets beside the event: it is told what died; raises PermanentError."""
    name = read_on_dead_name(claim.route)
    if name is None:
        raise PermanentError("The dispatch names no death.")
    if tx is not None:
        return Context(claim.attempt, tx, _death(tx, name))
    with services.database.read() as read:
        return Context(claim.attempt, None, _death(read, name))


def _death(tx: Transaction, name: OnDeadName) -> Death:
    """Read what died as it was then; a replay that has happened since changes nothing here."""
    found = find_death(tx, name.dispatch_id, name.attempt)
    if found is None:
        raise PermanentError("What died is no longer stored.")
    route, error = found
    return Death(route, name.attempt, error or "")
