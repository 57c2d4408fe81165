"""Messages that start at once: this process runs what it has just stored, if its engine has places. No network.

So nobody claims and loads again what is known here, and a message is on its way as soon as its commit is there. Without
places its dispatches wait in the store, as those of callbacks do (pipeline/inbound/accept.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.core.sending import Recipient
from app.core.states import MessageState, RecipientState, Trigger
from app.core.values import Event
from app.pipeline.sending.wanted import addressees_of, repeats_unknown
from app.pipeline.services import Services
from app.storage.messages.acceptance import StoredMessage, first_lookup
from app.storage.messages.progress import Leg
from app.storage.queue.dispatches import Claim


def reserve(services: Services, wanted: int) -> int:
    """Set places aside in the engine and return how many: all that are wanted, or none."""
    engine = services.runtime.engine
    return wanted if engine is not None and engine.reserve(wanted) else 0


def release(services: Services, places: int) -> None:
    """Give places back."""
    if services.runtime.engine is not None and places:
        services.runtime.engine.release(places)


def start(services: Services, event: Event, stored: StoredMessage, places: int) -> None:
    """Hand over what was stored as running, and give back the places of what was not; else let the engine look for it."""
    engine = services.runtime.engine
    if engine is None or not places:
        services.runtime.wake()
        return
    release(services, places - len(stored.claims))
    engine.hand_over(event, stored.claims)


class FirstRow(NamedTuple):
    """A recipient's row as it was just stored."""

    number: int
    part: int
    kind: str
    value: str
    state: str
    batch: int | None


def leg_at_start(event: Event, channel: str) -> Leg | None:
    """Return where a message stands that this process has just stored, None when it does not go to that channel."""
    channels = event.data["channels"]
    if channel not in channels:
        return None
    recipients, apps = addressees_of(event.data)
    return Leg(
        event.id,
        channels.index(channel),
        MessageState.QUEUED,
        len(recipients),
        page_start=0,
        next_lookup=first_lookup(looks_up=bool(apps)),
        resends=0,
        repeats_unknown=repeats_unknown(event.data),
        is_stopped=False,
        is_only=len(channels) == 1,
        asked_at=event.received_at,
    )


def rows_at_start(event: Event, *, limit: int) -> Sequence[FirstRow]:
    """Return the first recipients of such a message."""
    recipients: Sequence[Recipient] = addressees_of(event.data)[0][:limit]
    state = RecipientState.QUEUED.value
    return [FirstRow(number, 1, each.kind, each.value, state, None) for number, each in enumerate(recipients)]


def is_known(claim: Claim) -> bool:
    """Say whether nothing need be read to begin."""
    return claim.is_fresh and claim.attempt == 1


def is_likely_at_start(event: Event, claim: Claim) -> bool:
    """Say whether a message probably stands where it was stored, so that its first departure may find that out in passing.

    Only for messages of one channel and without recipients that are looked up: of these `messages.state` tells all.
    """
    is_first = claim.attempt == 1 and claim.trigger == Trigger.AUTOMATIC.value
    return is_first and len(event.data["channels"]) == 1 and not addressees_of(event.data)[1]
