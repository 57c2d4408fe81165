"""Event in, message out: what a notification does with one event, as a dispatch of its own.

1. Its condition must hold, and nobody may be asleep, or it is urgent.
2. Under a lock it is decided, once for each event: said already, too often, to be collected with others, or said now.
3. The message, the decision and what is remembered for the next event are stored in one commit.

Events that are collected wait with the first of them, whose dispatch comes back when the time is over; so a restart loses
nothing. What an operator replays is said again, whatever was said before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from app.core.errors import PermanentError, Postponed, RequestError
from app.core.states import NotificationOutcome
from app.core.values import Event
from app.pipeline.own_events import DISPATCH_DEAD, OWN_CHANNEL
from app.pipeline.router import Context, Route
from app.pipeline.sending.accept import Order, prepare_message
from app.pipeline.sending.cutting import with_cut_text
from app.pipeline.sending.notices import Notification
from app.pipeline.sending.quiet_hours import quiet_until
from app.pipeline.sending.routes import ROUTE_PREFIX as MESSAGES_PREFIX
from app.pipeline.services import Services
from app.storage.database.db import Transaction
from app.storage.inbox.events import find_events
from app.storage.messages.acceptance import NewMessage, store_messages
from app.storage.messages.notifications import (
    NO_KEY,
    Decision,
    Mark,
    collected_events,
    digest_of,
    find_decision,
    lock_mark,
    mark_collected,
    write_decision,
    write_mark,
)
from app.storage.queue.dispatches import Claim, tries_since_replay

ROUTE_PREFIX = "notifications:"
MOST_COLLECTED = 200

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NotificationRoute(Route):
    """The route of a notification: its `match` list decides."""

    notification: Notification = field(kw_only=True)

    def takes(self, channel: str, platform: str, event_type: str, version: str) -> bool:
        """Say whether such an event is looked at; its version plays no part."""
        return self.notification.config.takes(channel, platform, event_type)


def notification_routes(
    services: Services, notifications: Iterable[Notification]
) -> tuple[NotificationRoute, ...]:
    """Return the routes of notifications."""
    return tuple(
        NotificationRoute(
            name=ROUTE_PREFIX + each.name,
            source="*",
            type="*",
            handler=Teller(services, each),
            notification=each,
        )
        for each in notifications
    )


class Before(NamedTuple):
    """What was decided before about an event, in this run of the dispatch or in those since its last replay."""

    decision: Decision | None
    is_replay: bool


@dataclass(frozen=True, slots=True)
class Teller:
    """The handler of one notification."""

    services: Services
    notification: Notification

    def __call__(self, event: Event, context: Context) -> dict[str, Any] | None:
        """Say what is to be said about an event; the result says what became of it."""
        if _is_about_messages(event) or not self.notification.is_meant(event):
            return None
        claim = context.claim or Claim("", event.id, "", context.attempt, self.services.clock.now())
        before = self._look_back(event, claim)
        if before.decision is None and self._is_dropped_by_quiet_hours(event):
            return self._ended(event, claim, NotificationOutcome.QUIET)
        decision = self._decide(event, claim, before)
        if decision.outcome is NotificationOutcome.SENT:
            log.info("notified", notification=self.notification.name, event_id=event.id)
            self.services.runtime.wake()
        return {"outcome": decision.outcome.value} | (
            {"message": decision.message_id} if decision.message_id else {}
        )

    def _look_back(self, event: Event, claim: Claim) -> Before:
        with self.services.database.read() as tx:
            decision = find_decision(tx, self.notification.name, event.id)
            first_attempt = claim.attempt - tries_since_replay(tx, claim) + 1 if claim.attempt > 1 else 1
        if decision is not None and decision.attempt < first_attempt:
            return Before(None, True)
        return Before(decision, False)

    def _is_dropped_by_quiet_hours(self, event: Event) -> bool:
        """Say whether an event comes at a time that drops it; raises Postponed where it is held until that is over."""
        hours = self.notification.config.quiet_hours
        until = None if hours is None else quiet_until(hours, self.services.clock.now())
        if hours is None or until is None or self.notification.is_urgent(event):
            return False
        if hours.then == "hold":
            raise Postponed("held until the quiet hours end", until=until)
        return True

    def _ended(self, event: Event, claim: Claim, outcome: NotificationOutcome) -> dict[str, Any]:
        decision, now = Decision(outcome, claim.attempt), self.services.clock.now()
        self.services.database.run(
            lambda tx: write_decision(tx, self.notification.name, event.id, decision, now)
        )
        return {"outcome": outcome.value}

    def _decide(self, event: Event, claim: Claim, before: Before) -> Decision:
        decision = before.decision
        if decision is not None and not _collects(decision, event):
            return decision
        if decision is not None:
            return self._say_collected(event, claim)
        if self.notification.config.merge is not None and not before.is_replay:
            return self._collect(event, claim)
        new = self._prepared([event])
        return self.services.database.run(lambda tx: self._say(tx, event, claim, new, before))

    def _say(self, tx: Transaction, event: Event, claim: Claim, new: NewMessage, before: Before) -> Decision:
        now = self.services.clock.now()
        outcome = NotificationOutcome.SENT if before.is_replay else self._allowed(tx, event, now)
        message_id = store_messages(tx, [new])[0].id if outcome is NotificationOutcome.SENT else None
        decision = Decision(outcome, claim.attempt, message_id=message_id)
        write_decision(tx, self.notification.name, event.id, decision, now)
        return decision

    def _allowed(self, tx: Transaction, event: Event, now: datetime) -> NotificationOutcome:
        """Judge an event by what was said before, and remember it."""
        name, limit = self.notification.name, self.notification.config.limit
        whole = lock_mark(tx, name, NO_KEY, now)
        mark = lock_mark(tx, name, self.notification.key_of(event), now)
        value = self.notification.changing_value(event)
        if value is not None:
            if mark.value == digest_of(value):
                return NotificationOutcome.UNCHANGED
            mark = mark._replace(value=digest_of(value))
        is_enough = False
        if limit is not None:
            counted, is_enough = _counted(mark if limit.is_per_key else whole, limit.most, limit.seconds, now)
            mark, whole = (counted, whole) if limit.is_per_key else (mark, counted)
        write_mark(tx, whole, now)
        write_mark(tx, mark, now)
        return NotificationOutcome.LIMITED if is_enough else NotificationOutcome.SENT

    def _collect(self, event: Event, claim: Claim) -> Decision:
        """Let an event wait with others; raises Postponed for the one they wait with."""
        decision, until = self.services.database.run(lambda tx: self._join(tx, event, claim))
        if decision.waits_with == event.id and until is not None:
            raise Postponed("collects events into one message", until=until)
        return decision

    def _join(self, tx: Transaction, event: Event, claim: Claim) -> tuple[Decision, datetime | None]:
        now, name = self.services.clock.now(), self.notification.name
        outcome = self._allowed(tx, event, now)
        until: datetime | None = None
        waits_with: str | None = None
        if outcome is NotificationOutcome.SENT:
            outcome = NotificationOutcome.WAITING
            whole = self._collecting(lock_mark(tx, name, NO_KEY, now), event, now)
            write_mark(tx, whole, now)
            waits_with, until = whole.collects, whole.collects_until
        decision = Decision(outcome, claim.attempt, waits_with=waits_with)
        write_decision(tx, name, event.id, decision, now)
        return decision, until

    def _collecting(self, whole: Mark, event: Event, now: datetime) -> Mark:
        if whole.collects is not None and whole.collects_until is not None and whole.collects_until > now:
            return whole
        seconds = self.notification.config.merge or 0.0
        return whole._replace(collects=event.id, collects_until=now + timedelta(seconds=seconds))

    def _say_collected(self, event: Event, claim: Claim) -> Decision:
        """Say all that was collected in one message; raises Postponed while there may be more."""
        name = self.notification.name
        with self.services.database.read() as tx:
            ids = collected_events(tx, name, event.id, limit=MOST_COLLECTED)
            found = find_events(tx, ids)
        new = self._prepared([found[each] for each in ids if each in found])
        decision, until = self.services.database.run(lambda tx: self._close(tx, event, claim, new, ids))
        if until is not None:
            raise Postponed("collects events into one message", until=until)
        return decision

    def _close(
        self, tx: Transaction, event: Event, claim: Claim, new: NewMessage, ids: Sequence[str]
    ) -> tuple[Decision, datetime | None]:
        now, name = self.services.clock.now(), self.notification.name
        whole = lock_mark(tx, name, NO_KEY, now)
        decision = Decision(NotificationOutcome.WAITING, claim.attempt, waits_with=event.id)
        is_open = (
            whole.collects == event.id and whole.collects_until is not None and whole.collects_until > now
        )
        if is_open:
            return decision, whole.collects_until
        if list(collected_events(tx, name, event.id, limit=MOST_COLLECTED)) != list(ids):
            return decision, now
        message_id = store_messages(tx, [new])[0].id
        mark_collected(tx, name, event.id, message_id)
        return Decision(NotificationOutcome.SENT, claim.attempt, event.id, message_id), None

    def _prepared(self, events: Sequence[Event]) -> NewMessage:
        said, order = self.notification.say(events), Order(f"notification {self.notification.name}")

        def prepared(text: str) -> NewMessage:
            return prepare_message(self.services, self.notification.body(replace(said, text=text)), order)

        try:
            return with_cut_text(said.text, self.notification.config.format, prepared)
        except RequestError as error:
            raise PermanentError(error.message) from None


def _is_about_messages(event: Event) -> bool:
    """Say whether it tells of a message or notification that died: to tell of that by a message would never end."""
    if event.channel != OWN_CHANNEL or event.type != DISPATCH_DEAD:
        return False
    return str(event.data.get("route", "")).startswith((MESSAGES_PREFIX, ROUTE_PREFIX))


def _collects(decision: Decision, event: Event) -> bool:
    return decision.outcome is NotificationOutcome.WAITING and decision.waits_with == event.id


def _counted(mark: Mark, most: int, seconds: int, now: datetime) -> tuple[Mark, bool]:
    """Return a mark with one more message counted, and whether there were enough already."""
    begun = mark.counted_from
    if begun is None or now - begun >= timedelta(seconds=seconds):
        return mark._replace(counted_from=now, counted=1), False
    if mark.counted >= most:
        return mark, True
    return mark._replace(counted=mark.counted + 1), False
