"""What happens, told to whoever watches: one watcher for each process asks the store once a second and tells all listeners.

It runs while somebody listens. What it tells are hints, by topic and id: a view asks for what it shows. A hint may come twice,
and after a burst it only says that there is more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from app.core.errors import CallgateError, RefusedError, RequestError
from app.core.moments import EPOCH
from app.core.states import EventState, MessageState
from app.pipeline.own_events import DESTINATION_PAUSED, DISPATCH_DEAD, OWN_CHANNEL, TOKEN_FAILING
from app.pipeline.services import Services
from app.storage.database.db import Transaction, microseconds
from app.storage.messages.lists import messages_since, states_of_messages
from app.storage.queue.dispatch_lists import newest_unfinished
from app.storage.queue.live_rows import (
    events_since,
    newest_rejection,
    rejections_after,
    rejections_since,
    states_of_events,
)

EVENTS, REJECTIONS, DISPATCHES, MESSAGES, ALARMS = "events", "rejections", "dispatches", "messages", "alarms"
TOPICS = (EVENTS, REJECTIONS, DISPATCHES, MESSAGES, ALARMS)
ALARM_TYPES = (DISPATCH_DEAD, DESTINATION_PAUSED, TOKEN_FAILING)
MOST_LISTENERS = 50
LOOK_SECONDS = 1.0
OVERLAP = timedelta(seconds=5)
"""Commits of several processes do not come in the order of their times; so much is looked at again."""

MOST_AT_ONCE = 100
MOST_FOLLOWED = 500
LONGEST_ABSENCE = timedelta(minutes=10)
LAST_EVENT_STATES = frozenset({EventState.SUCCEEDED.value, EventState.IGNORED.value, EventState.DEAD.value})
OPEN_MESSAGE_STATES = frozenset(
    {MessageState.WAITING.value, MessageState.QUEUED.value, MessageState.SENDING.value}
)

log = structlog.get_logger(__name__)


class Change(NamedTuple):
    """What is new of one topic: a few words about each, the newest first; `more` says that there are others.

    `position` is what a listener that comes back names, so that it hears what it missed.
    """

    topic: str
    position: int
    items: tuple[dict[str, Any], ...]
    more: bool = False


@dataclass(eq=False)
class Listener:
    """Somebody who listens to some topics; `deliver` is called by the watcher's thread and must not wait."""

    topics: frozenset[str]
    deliver: Callable[[Change], object]


def read_topics(text: str | None) -> frozenset[str]:
    """Return the topics that a list with commas names, all of them where it is empty; raises RequestError."""
    wanted = frozenset(filter(None, (each.strip() for each in (text or "").split(","))))
    if not wanted <= set(TOPICS):
        raise RequestError("bad_topic", f"topics may be {', '.join(TOPICS)}, with commas between them.")
    return wanted or frozenset(TOPICS)


def read_position(text: str | None) -> int | None:
    """Return where a listener was that comes back, None for one that is new or says what we never said."""
    is_ours = text is not None and text.isascii() and text.isdigit() and len(text) < 19  # noqa: PLR2004
    return int(text) if is_ours and text is not None else None


class Live:
    """The watcher of one process and its listeners."""

    def __init__(self, services: Services, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._services = services
        self._look_seconds = look_seconds
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_watching(self) -> bool:
        """Whether the watcher runs."""
        return self._thread is not None

    def check_room(self) -> None:
        """Raise RefusedError 503 where as many listen as may."""
        if len(self._listeners) >= MOST_LISTENERS:
            raise RefusedError(
                "too_busy",
                f"{MOST_LISTENERS} listen already; come again later.",
                http_status=503,
                retry_after=30,
            )

    def listen(self, topics: frozenset[str], deliver: Callable[[Change], object]) -> Listener:
        """Begin to tell somebody; raises RefusedError 503 where as many listen as may."""
        listener = Listener(topics, deliver)
        with self._lock:
            self.check_room()
            self._listeners.add(listener)
            if self._thread is None:
                self._ended = threading.Event()
                self._thread = threading.Thread(
                    target=self._watch, args=(self._ended,), name="live", daemon=True
                )
                self._thread.start()
        return listener

    def leave(self, listener: Listener) -> None:
        """Tell somebody no more; with the last one the watcher ends."""
        with self._lock:
            self._listeners.discard(listener)
            if not self._listeners:
                self._ended.set()
                self._thread = None

    def missed(self, topics: frozenset[str], position: int) -> list[Change] | None:
        """Return what was told since a position, None where that is too long ago: the view has to be loaded anew."""
        now = self._services.clock.now()
        since = EPOCH + timedelta(microseconds=position)
        if not now - LONGEST_ABSENCE <= since <= now + OVERLAP:
            return None
        with self._services.database.read() as tx:
            found = _since(tx, since - OVERLAP, microseconds(now))
        return [change for change in found if change.topic in topics]

    def _watch(self, ended: threading.Event) -> None:
        """Look and tell until the last listener has left; a store that is away is asked again."""
        look: _Look | None = None
        while True:
            try:
                with self._services.database.read() as tx:
                    now = self._services.clock.now()
                    if look is None:
                        look = _Look.first(tx, now)
                    else:
                        self._tell(look.changes(tx, now))
            except CallgateError as error:
                log.warning("live_look_failed", error=error.code)
            if ended.wait(self._look_seconds):
                return

    def _tell(self, changes: Iterable[Change]) -> None:
        for change in changes:
            with self._lock:
                listeners = [each for each in self._listeners if change.topic in each.topics]
            for listener in listeners:
                listener.deliver(change)


@dataclass
class _Look:
    """What the watcher saw last."""

    since: datetime
    last_rejection: int
    told: dict[str, datetime] = field(default_factory=dict)
    """Events and messages that were told, with their times, as far back as the overlap reaches."""
    events: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    """Those that are followed, with the state that was told last."""

    @classmethod
    def first(cls, tx: Transaction, now: datetime) -> _Look:
        """Take what is there for told."""
        look = cls(now, newest_rejection(tx))
        for row in events_since(tx, now - OVERLAP, limit=MOST_AT_ONCE):
            look.told[row.id] = row.received_at
        for row in messages_since(tx, now - OVERLAP, limit=MOST_AT_ONCE):
            look.told[row.id] = row.created_at
        look.events = states_of_events(tx, newest_unfinished(tx, limit=MOST_FOLLOWED))
        return look

    def changes(self, tx: Transaction, now: datetime) -> list[Change]:
        """Return what is new since the last look."""
        position = microseconds(now)
        found = [
            *self._new_events(tx, position),
            *self._new_rejections(tx, position),
            *self._new_messages(tx, position),
            *self._moved_events(tx, position),
            *self._moved_messages(tx, position),
        ]
        self.since = now
        self.told = {key: at for key, at in self.told.items() if at >= now - 2 * OVERLAP}
        return found

    def _new_events(self, tx: Transaction, position: int) -> Iterable[Change]:
        rows = events_since(tx, self.since - OVERLAP, limit=MOST_AT_ONCE)
        new = [row for row in rows if row.id not in self.told]
        for row in new:
            self.told[row.id] = row.received_at
            # Where it stands is told with everything that moves.
            self.events[row.id] = ""
        return _about_events(new, position, more=len(new) == MOST_AT_ONCE)

    def _new_rejections(self, tx: Transaction, position: int) -> Iterable[Change]:
        rows = rejections_after(tx, self.last_rejection, limit=MOST_AT_ONCE)
        if not rows:
            return []
        self.last_rejection = rows[0].id
        return [_about_rejections(rows, position)]

    def _new_messages(self, tx: Transaction, position: int) -> Iterable[Change]:
        rows = messages_since(tx, self.since - OVERLAP, limit=MOST_AT_ONCE)
        new = [row for row in rows if row.id not in self.told]
        for row in new:
            self.told[row.id] = row.created_at
            self.messages[row.id] = row.state
        return [_about_messages(new, position)] if new else []

    def _moved_events(self, tx: Transaction, position: int) -> Iterable[Change]:
        """Follow the newest events that are unfinished, and those that were new, until they have ended."""
        unfinished = newest_unfinished(tx, limit=MOST_FOLLOWED)
        for event_id in unfinished:
            self.events.setdefault(event_id, "")
        states = states_of_events(tx, self.events)
        moved = [(key, state) for key, state in states.items() if self.events[key] != state]
        # One that is dead on one route may still wait on another.
        follows = set(unfinished)
        kept = {
            key: state for key, state in states.items() if key in follows or state not in LAST_EVENT_STATES
        }
        self.events = dict(list(kept.items())[-MOST_FOLLOWED:])
        items = tuple({"event_id": key, "state": state} for key, state in moved)
        return [Change(DISPATCHES, position, items)] if items else []

    def _moved_messages(self, tx: Transaction, position: int) -> Iterable[Change]:
        if not self.messages:
            return []
        states = states_of_messages(tx, self.messages)
        moved = [(key, state) for key, state in states.items() if self.messages[key] != state]
        kept = {key: state for key, state in states.items() if state in OPEN_MESSAGE_STATES}
        self.messages = dict(list(kept.items())[-MOST_FOLLOWED:])
        items = tuple({"id": key, "state": state} for key, state in moved)
        return [Change(MESSAGES, position, items)] if items else []


def _since(tx: Transaction, since: datetime, position: int) -> list[Change]:
    events = events_since(tx, since, limit=MOST_AT_ONCE)
    refused = rejections_since(tx, since, limit=MOST_AT_ONCE)
    sent = messages_since(tx, since, limit=MOST_AT_ONCE)
    found = list(_about_events(events, position, more=len(events) == MOST_AT_ONCE))
    found += [_about_rejections(refused, position)] if refused else []
    found += [_about_messages(sent, position)] if sent else []
    if events:
        moved = tuple({"event_id": row.id, "state": row.state} for row in events)
        found.append(Change(DISPATCHES, position, moved, more=len(events) == MOST_AT_ONCE))
    return found


def _about_events(rows: Collection[Any], position: int, *, more: bool) -> list[Change]:
    """Return the new events, and as alarms those of our own that somebody should see."""
    shown = [{"id": row.id, "channel": row.channel, "type": row.type, "state": row.state} for row in rows]
    found = [Change(EVENTS, position, tuple(shown), more=more)] if shown else []
    alarms = tuple(
        {"id": row.id, "type": row.type, "subject": row.subject}
        for row in rows
        if row.channel == OWN_CHANNEL and row.type in ALARM_TYPES
    )
    return [*found, Change(ALARMS, position, alarms)] if alarms else found


def _about_rejections(rows: Collection[Any], position: int) -> Change:
    items = tuple({"id": row.id, "channel": row.channel, "error": row.error} for row in rows)
    return Change(REJECTIONS, position, items, more=len(rows) == MOST_AT_ONCE)


def _about_messages(rows: Collection[Any], position: int) -> Change:
    items = tuple({"id": row.id, "state": row.state} for row in rows)
    return Change(MESSAGES, position, items, more=len(rows) == MOST_AT_ONCE)
