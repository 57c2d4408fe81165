"""One message on its way through one channel: who goes out now, the call, and what came of it, each written down at once.

Before a call a commit says that these are on their way, after it another one says what became of them; no transaction is
open meanwhile. Both are shared with whatever else is written at that moment.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.config.lifetimes import lifetime_words
from app.core.errors import PermanentError, Postponed, RequestError, StoreUnavailable
from app.core.sending import Part, Sender
from app.core.states import MessageState, RecipientState
from app.core.timed_spans import begin_span
from app.core.traces import entered
from app.core.values import Event
from app.pipeline.channels import Channel
from app.pipeline.health import Admission
from app.pipeline.sending.batches import Batch
from app.pipeline.sending.breaker import ask_leave, leave_for_probe, note_outcome, wait_end
from app.pipeline.sending.calls import Called, CallOutcome, call_once
from app.pipeline.sending.pace import (
    HeldBack,
    channel_tolls,
    recipient_tolls,
    recipients_return,
    time_to_return,
)
from app.pipeline.sending.wanted import message_of
from app.pipeline.services import Services
from app.security.redaction import mask_values, redact_text
from app.storage.database.db import Transaction
from app.storage.messages.endings import Arrival, Arrived, is_simple, write_arrivals
from app.storage.messages.progress import Departed, Departure, Leg, note_wait, write_departures
from app.storage.messages.verdicts import Verdict
from app.storage.queue.claims import LeaseLostError, are_held
from app.storage.queue.dispatches import Claim

NAP_SECONDS = 0.5
"""A wait this short is waited out; for a longer one the dispatch is given back."""

MOST_NAPS = 4
STORE_DOWN_SECONDS = 0.5
STORE_TRIES = 16
SOON = timedelta(seconds=10)
"""After a failure in the middle of many recipients, which uses up no attempt."""

NOTED_WAIT = timedelta(seconds=2)
"""A shorter wait is not worth a line in the history."""

log = structlog.get_logger(__name__)


class LegFailed(PermanentError):
    """A channel will never send this: `word` and the sentence say why, `gave_up` that it is not about the message."""

    def __init__(self, word: str, message: str, *, gave_up: bool):
        super().__init__(message)
        self.word = word
        self.gave_up = gave_up


class Stopped(Exception):
    """An operator stopped the message."""


class Begun(Exception):
    """The message is further than was thought; nothing was done yet but to ask for leave."""

    def __init__(self, admission: Admission | None):
        super().__init__()
        self.admission = admission


@dataclass(slots=True)
class Outgoing:
    """What one attempt knows and has found out so far."""

    services: Services
    channel: Channel
    sender: Sender
    event: Event
    claim: Claim
    leg: Leg
    held_back: dict[int, HeldBack] = field(default_factory=dict)
    """Recipients whom the platform would not have sent to so soon again."""

    last_refusal: tuple[str, str] | None = None
    ended: MessageState | None = None
    last_arrival: Arrival | None = None
    """What came of the only call of a simple message: written with the dispatch's own end, in one commit."""

    has_reached: bool = False
    admission: Admission | None = None
    is_guess: bool = False
    """Whether it was not read where the message stands: the first departure finds out."""

    first_page: Sequence[Any] | None = None
    """What was read together with where the message stands; None once it was used or where it may have changed."""
    _parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)

    @property
    def lives_until(self) -> datetime:
        """Until when the message may wait."""
        seconds = self.event.data.get("lifetime") or self.channel.config.message_lifetime
        return self.leg.asked_at + timedelta(seconds=seconds)

    def check_lifetime(self) -> None:
        """Raise LegFailed for a message that has waited for too long."""
        if self.services.clock.now() < self.lives_until:
            return
        if self.is_guess:
            raise Begun(self.admission)
        seconds = self.event.data.get("lifetime") or self.channel.config.message_lifetime
        why = f" It waited last for this: {self.leg.waits_for}" if self.leg.waits_for else ""
        raise LegFailed(
            "gave_up",
            f"The message was not sent within its lifetime ({lifetime_words(seconds)}), so the gateway gave it up.{why}",
            gave_up=True,
        )

    @property
    def may_repeat(self) -> bool:
        """Whether a part whose outcome nobody knows may go out again."""
        return self.sender.recognises_repeats or self.leg.repeats_unknown

    def ask_leave(self) -> Admission:
        """Return the leave to call this channel; raises Postponed while it is left alone."""
        if self.admission is None:
            services, name = self.services, self.channel.name
            with services.database.read() as tx:
                admission = ask_leave(services, tx, name)
            if admission.probes and admission.wait_until is None:
                admission = leave_for_probe(services, name)
            if admission.wait_until is not None:
                said = admission.state.last_error or "it did not answer"
                returns = time_to_return(services, name, admission.wait_until, self.sender.paces)
                raise self.postponed(returns, "channel_waits", f"{name} is left alone for now: {said}")
            self.admission = admission
        return self.admission

    def parts(self, kind: str) -> tuple[Part, ...]:
        """Return the parts for a kind of recipient; raises LegFailed where the channel no longer takes the message."""
        if kind not in self._parts:
            try:
                self._parts[kind] = tuple(self.sender.parts(message_of(self.event.data), kind))
            except RequestError as error:
                raise LegFailed(error.code, error.message, gave_up=False) from error
        return self._parts[kind]

    def send_batch(self, batch: Batch, *, is_last: bool) -> None:
        """Send what is left of the message to some recipients, part by part, each after the one before was taken."""
        most = len(self.parts(batch.kind))
        if batch.part > most:
            raise LegFailed(
                "message_changed",
                "The channel makes fewer parts of it than when it was begun.",
                gave_up=False,
            )
        while batch.recipients and batch.part <= most:
            batch = self._depart(batch)
            if batch.recipients:
                batch = self._arrive(batch, self._call(batch), is_last=is_last)

    def _depart(self, batch: Batch) -> Batch:
        """Write that a part goes out, as the platform's pace allows, and return who does."""
        self.ask_leave()
        for _ in range(MOST_NAPS):
            departed = self._written(batch)
            if departed.numbers or departed.wait_until is None:
                break
            seconds = (departed.wait_until - self.services.clock.now()).total_seconds()
            if seconds > NAP_SECONDS:
                break
            time.sleep(max(0.0, seconds))
        if departed.wait_until is not None:
            self._hold_back(batch, departed, departed.wait_until)
        return batch.only(departed.numbers)

    def _written(self, batch: Batch) -> Departed:
        paces, name = self.sender.paces, self.channel.name
        each = [recipient_tolls(name, paces, recipient) for recipient in batch.recipients.values()]
        departed = self.services.accepts.run(
            write_departures,
            Departure(
                self.claim,
                self.leg.message_id,
                self.leg.position,
                batch.part,
                batch.numbers,
                batch.number,
                self.services.clock.now(),
                channel_tolls(name, paces, batch.kind),
                tuple(each) if any(each) else (),
                self.is_guess,
            ),
        )
        if not departed.is_held:
            raise LeaseLostError
        if departed.is_begun:
            raise Begun(self.admission)
        self.is_guess = False
        if departed.is_stopped:
            raise Stopped
        return departed

    def _hold_back(self, batch: Batch, departed: Departed, until: datetime) -> None:
        if departed.is_channel_full:
            returns = time_to_return(self.services, self.channel.name, until, self.sender.paces)
            raise self.postponed(returns, "pace", f"{self.channel.name} takes no more calls for now.")
        left = set(batch.numbers) - set(departed.numbers)
        self.held_back |= {number: HeldBack(until, batch.recipients[number]) for number in left}

    def wait_for_held_back(self) -> None:
        """Give the dispatch back until the first of those who were held back may be sent to again."""
        if self.held_back:
            first = min(self.held_back.values())
            returns = recipients_return(self.services, self.channel.name, first, self.sender.paces)
            raise self.postponed(
                returns, "pace", f"{self.channel.name} takes no more for some recipients for now."
            )

    def _call(self, batch: Batch) -> Called:
        part = self.parts(batch.kind)[batch.part - 1]
        to = tuple(batch.recipients.values())
        began, span = time.monotonic(), begin_span("send message part")
        with nullcontext() if span is None else entered(span.trace):
            called = call_once(
                self.services, self.channel, self.sender, part, to, repeat_key=self._repeat_key(batch)
            )
        tell = log.debug if called.outcome is CallOutcome.TAKEN else log.info
        tell(
            "message_part",
            event_id=self.event.id,
            channel=self.channel.name,
            outcome=called.outcome.value,
            error=called.word or None,
            recipients=len(to),
            part=batch.part,
            seconds=round(time.monotonic() - began, 3),
        )
        if span is not None:
            told: dict[str, str | int | bool] = {
                "callgate.channel": self.channel.name,
                "callgate.part": batch.part,
            }
            span.end(told | {"callgate.outcome": called.outcome.value}, error=called.word or None)
        return called

    def _repeat_key(self, batch: Batch) -> str:
        """Return what names this call for a platform that recognises repeats; an operator's resend is another call."""
        name = f"{self.event.id}\n{self.channel.name}\n{batch.kind}\n{batch.part}\n{batch.number}\n{self.leg.resends}"
        return hashlib.sha256(name.encode()).hexdigest()[:32]

    def _arrive(self, batch: Batch, called: Called, *, is_last: bool) -> Batch:
        """Write what became of a call and return who gets the next part; raises what ends the attempt."""
        verdicts, reached = self._verdicts(batch, called)
        is_more = bool(reached) and batch.part < len(self.parts(batch.kind))
        arrived = self._written_down(
            Arrival(
                self.claim,
                self.leg.message_id,
                self.leg.position,
                verdicts,
                now=self.services.clock.now(),
                part=batch.part,
                next_numbers=reached if is_more else (),
                is_last=is_last and not is_more and not self.held_back and self._goes_on(called),
                is_whole=len(batch.recipients) == self.leg.recipients and len(self.parts(batch.kind)) == 1,
                is_only=self.leg.is_only,
                begins=self.leg.state is MessageState.QUEUED,
            ),
        )
        self._note(called)
        if not arrived.is_held:
            raise LeaseLostError
        self.ended = arrived.state
        self.leg = self.leg._replace(state=MessageState.SENDING)
        self._raise_what_ends(called)
        return batch.only(reached)._replace(part=batch.part + 1)

    def _written_down(self, arrival: Arrival) -> Arrived:
        """Write what became of a call now, or leave it to whoever writes the attempt's success in a moment."""
        if is_simple(arrival) and not self.claim.is_suspect:
            self.last_arrival = arrival
            return Arrived(True, MessageState.SENT)
        return self._kept(arrival)

    def _kept(self, arrival: Arrival) -> Arrived:
        """Write what became of a call, again for a while when the store is away: it is known now and nowhere else."""
        for _ in range(STORE_TRIES):
            try:
                return self.services.accepts.run(write_arrivals, arrival)
            except StoreUnavailable:
                log.warning("message_part_waits_for_store", event_id=self.event.id, channel=self.channel.name)
                time.sleep(STORE_DOWN_SECONDS)
        return self.services.accepts.run(write_arrivals, arrival)

    def _note(self, called: Called) -> None:
        """Remember what a call says about the channel; after an unclear one its leave is asked for again."""
        note_outcome(self.services, self.channel.name, called, self.ask_leave())
        if called.outcome is not CallOutcome.TAKEN:
            self.admission = None
        else:
            self.has_reached = True

    def _goes_on(self, called: Called) -> bool:
        """Say whether the attempt goes on after this call."""
        if called.outcome is CallOutcome.UNKNOWN:
            return not self.may_repeat
        return called.outcome in (CallOutcome.TAKEN, CallOutcome.RECIPIENT_REFUSED)

    def _verdicts(self, batch: Batch, called: Called) -> tuple[tuple[Verdict, ...], tuple[int, ...]]:
        """Return what became of each recipient, and who was reached."""
        if called.outcome is not CallOutcome.TAKEN:
            state = self._state_after(called)
            said = (
                (None, None)
                if state is RecipientState.QUEUED
                else (called.word[:32], self._masked(called.sentence))
            )
            if state is not RecipientState.QUEUED:
                self.last_refusal = (called.word[:32], self._masked(called.sentence))
            return (Verdict(batch.part, batch.numbers, state, None, *said),), ()
        result = called.result
        reached = tuple(n for n, each in batch.recipients.items() if each.value not in result.not_reached)
        state = RecipientState.ACCEPTED if result.accepted_only else RecipientState.SENT
        verdicts = [Verdict(batch.part, reached, state, result.message_id)] if reached else []
        for number, each in batch.recipients.items():
            if number not in reached:
                reason = self._masked(result.not_reached[each.value])
                self.last_refusal = ("not_reached", reason)
                verdicts.append(
                    Verdict(batch.part, (number,), RecipientState.REFUSED, None, "not_reached", reason)
                )
        return tuple(verdicts), reached

    def _state_after(self, called: Called) -> RecipientState:
        if called.outcome is CallOutcome.UNKNOWN:
            return RecipientState.QUEUED if self.may_repeat else RecipientState.UNKNOWN
        if called.outcome is CallOutcome.RECIPIENT_REFUSED:
            return RecipientState.REFUSED
        waits = called.outcome in (CallOutcome.LATER, CallOutcome.WAIT)
        return RecipientState.QUEUED if waits else RecipientState.FAILED

    def _raise_what_ends(self, called: Called) -> None:
        if self._goes_on(called):
            return
        sentence, now = self._masked(called.sentence), self.services.clock.now()
        if called.outcome in (CallOutcome.CONTENT_REFUSED, CallOutcome.SETTINGS_REFUSED):
            raise LegFailed(
                called.word[:32], sentence, gave_up=called.outcome is CallOutcome.SETTINGS_REFUSED
            )
        if called.outcome is CallOutcome.WAIT:
            until = time_to_return(self.services, self.channel.name, wait_end(called, now), self.sender.paces)
            raise self.postponed(until, called.word, sentence)
        if self.has_reached:
            raise self.postponed(now + SOON, called.word, sentence)
        assert called.error is not None
        self._note_wait(None, called.word, sentence)
        raise called.error

    def postponed(self, until: datetime, word: str, sentence: str) -> Postponed:
        """Return what gives the dispatch back without using up an attempt; a longer wait is shown with its reason."""
        now = self.services.clock.now()
        until = min(until, max(self.lives_until, now))
        if until - now >= NOTED_WAIT:
            self._note_wait(until, word, sentence)
        return Postponed(sentence, until=until)

    def _note_wait(self, until: datetime | None, word: str, sentence: str) -> None:
        """Write why the message waits, until when where that is known here; the next try is the dispatch's to tell."""

        def note(tx: Transaction) -> None:
            if are_held(tx, [self.claim])[0]:
                note_wait(tx, self.leg, until=until, error=word[:32], sentence=sentence)

        self.services.database.run(note)

    def _masked(self, sentence: str) -> str:
        return redact_text(str(mask_values(sentence, self.channel.secrets)))
