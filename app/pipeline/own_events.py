"""Our own events: what the gateway itself has to tell, as events of the channel `callgate`.

They are stored in the transaction of what they tell of, so both are there or neither, and reach handlers and destinations
like any other event. Nothing is stored where nobody named them: a pattern that takes every channel means third parties.
What is told is said where it happens; nothing here decides that something happened.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app.core.clock import Clock
from app.core.exact_json import write_json
from app.core.identifiers import new_id
from app.core.states import EventState
from app.core.storable import storable
from app.core.traces import current_traceparent
from app.core.values import JSON, Event
from app.pipeline.router import Route
from app.storage.database.db import Transaction
from app.storage.inbox.events import NewEvent
from app.storage.queue.acceptance import Acceptance, accept_many
from app.storage.queue.dispatches import NewDispatch

OWN_CHANNEL = "callgate"
"""Channel and platform of these events; no channel of the file may have this name."""

OPENID_BOUND = "openid.bound"
OPENID_UNSUBSCRIBED = "openid.unsubscribed"
LOGIN_SUCCEEDED = "login.succeeded"
USER_CREATED = "user.created"
DISPATCH_DEAD = "dispatch.dead"
DESTINATION_PAUSED = "destination.paused"
TOKEN_FAILING = "token.failing"  # noqa: S105

SESSION_ENDED = "session.ended"

OWN_TYPES = (
    SESSION_ENDED,
    OPENID_BOUND,
    OPENID_UNSUBSCRIBED,
    LOGIN_SUCCEEDED,
    USER_CREATED,
    DISPATCH_DEAD,
    DESTINATION_PAUSED,
    TOKEN_FAILING,
)

VERSION = "v1"
SCHEME = "own"
LONGEST_SUBJECT = 255
NO_CHANNEL = "\x00"
"""No channel has this name: whoever takes its events takes those of every channel."""

Matching = Callable[[str, str, str, str], tuple[Route, ...]]


class OwnEvents:
    """Tells what happened to whoever named the channel `callgate`; the factory says who takes what once all parts are there."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._matching: Matching | None = None

    def listen(self, matching: Matching) -> None:
        """Ask this for takers from now on; before, nobody is told."""
        self._matching = matching

    def tell(self, tx: Transaction, event_type: str, data: JSON, *, subject: str | None = None) -> None:
        """Store an event with a dispatch for each taker, in the transaction of what it tells of."""
        routes = self._takers(event_type)
        if not routes:
            return
        event = self._event(event_type, data, subject)
        now = event.received_at
        new = NewEvent(event, False, EventState.SUCCEEDED, "", SCHEME, None)
        dispatches = tuple(NewDispatch(new_id(now), event.id, route.name, due_at=now) for route in routes)
        accept_many(tx, [Acceptance(new=new, dispatches=dispatches, window=timedelta(days=1), now=now)])

    def _takers(self, event_type: str) -> tuple[Route, ...]:
        if self._matching is None:
            return ()
        found = self._matching(OWN_CHANNEL, OWN_CHANNEL, event_type, VERSION)
        return tuple(route for route in found if not route.takes(NO_CHANNEL, NO_CHANNEL, event_type, VERSION))

    def _event(self, event_type: str, data: JSON, subject: str | None) -> Event:
        now = self._clock.now()
        event_id = new_id(now)
        return Event(
            id=event_id,
            channel=OWN_CHANNEL,
            platform=OWN_CHANNEL,
            type=event_type,
            key=event_id,
            subject=None if subject is None else storable(subject, LONGEST_SUBJECT),
            occurred_at=now,
            received_at=now,
            data=data,
            raw=write_json(dict(data)),
            headers=(),
            version=VERSION,
            traceparent=current_traceparent(),
        )
