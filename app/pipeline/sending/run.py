"""Sending: one message on one channel is a dispatch, and this is its handler.

Leases, retries, dead letters and replay are those of every dispatch (pipeline/dispatch/attempts.py). Here it is decided
who is next, and every step is written down before and after the call, so that whoever takes over knows where it stood.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import structlog

from app.core.errors import PermanentError
from app.core.identifiers import new_id
from app.core.sending import Sender, most_in_one_call
from app.core.states import MessageState, RecipientState, Trigger
from app.core.values import Event
from app.pipeline.channels import Channel
from app.pipeline.health import Admission
from app.pipeline.router import Context, Route
from app.pipeline.sending.batches import Batch, batches_of
from app.pipeline.sending.breaker import ask_leave, known_leave
from app.pipeline.sending.departures import Begun, LegFailed, Outgoing, Stopped
from app.pipeline.sending.lookup import look_up
from app.pipeline.sending.routes import MESSAGES, channel_of_route, message_route_name
from app.pipeline.sending.starts import is_known, is_likely_at_start, leg_at_start, rows_at_start
from app.pipeline.sending.wanted import addressees_of
from app.pipeline.services import Services
from app.storage.database.db import Transaction
from app.storage.messages.endings import (
    Arrival,
    FailedLeg,
    fail_channel,
    next_waiting_channel,
    reopen_channels,
    write_arrivals,
    write_simple_ends,
)
from app.storage.messages.progress import Leg, find_leg, list_unfinished, settle_interrupted
from app.storage.messages.states import NOBODY_REACHED, OPEN
from app.storage.queue.claims import LeaseLostError, are_held
from app.storage.queue.completions import Also, Returned
from app.storage.queue.dispatches import Claim, NewDispatch

PAGE = 200
INTERRUPTED = (
    "The process that sent this ended before it knew what became of it; nobody knows whether it arrived."
)
GAVE_UP = "Every try failed; the last one: {error}"

log = structlog.get_logger(__name__)


def message_route(services: Services, name: str) -> Route | None:
    """Return the route of messages to a channel by its stored name; there is one even where the channel is gone."""
    channel = channel_of_route(name)
    if channel is None:
        return None

    def fail(tx: Transaction, event: Event, _attempt: int, error: Exception) -> None:
        fail_message(services, channel, tx, event, error=error)

    return Route(name, MESSAGES, "*", handler=partial(run_message, services, channel), at_death=fail)


def run_message(
    services: Services, channel_name: str, event: Event, context: Context
) -> dict[str, str] | Returned:
    """Send a message on one channel, from where it stands, and return how it ended.

    1. What has ended is left alone, unless an operator replays what failed.
    2. What an earlier attempt left half done is repeated or given up, as the platform and the caller allow.
    3. Page by page and batch by batch, everybody who waits is sent to.
    4. A channel that reached nobody raises PermanentError: it is a dead letter, and a fallback goes on.
    """
    claim = context.claim
    assert claim is not None
    try:
        return _run(services, event, claim, _first_look(services, event, channel_name, claim))
    except Begun as begun:
        # The leave is kept: it may be the one probe, and nobody gets a second one for a while.
        start = _start(services, event, channel_name)._replace(admission=begun.admission)
        return _run(services, event, claim, start)


def _run(services: Services, event: Event, claim: Claim, start: _Start) -> dict[str, str] | Returned:
    leg, channel_name = start.leg, channel_of_route(claim.route) or ""
    if leg.state in NOBODY_REACHED and claim.trigger == Trigger.MANUAL.value:
        leg = _reopened(services, leg, channel_name, claim)
    if leg.state not in OPEN:
        return {"state": leg.state.value}
    channel, sender = _sender(services, channel_name)
    out = Outgoing(services, channel, sender, event, claim, leg)
    out.admission = start.admission
    if claim.attempt == 1 and leg is start.leg:
        out.first_page = start.rows
    out.is_guess = start.is_guess
    _settle(services, out)
    try:
        _send_pages(services, out)
        state = _end(services, out)
        services.meters.message(channel_name, state.value)
        ended = {"state": state.value}
        if out.last_arrival is None:
            return ended
        return Returned(ended, Also(write_simple_ends, out.last_arrival))
    except Stopped:
        return {"state": _stop(services, out).value}


class _Start(NamedTuple):
    """What is known before anything is done; `admission` is None where leave has yet to be asked for."""

    leg: Leg
    admission: Admission | None
    rows: Sequence[Any]
    is_guess: bool = False


def _first_look(services: Services, event: Event, channel_name: str, claim: Claim) -> _Start:
    """Return where a message stands; of one that is just beginning nothing is read."""
    is_sure = is_known(claim)
    if is_sure or is_likely_at_start(event, claim):
        leg = leg_at_start(event, channel_name)
        if leg is not None:
            leave = known_leave(services, channel_name)
            return _Start(leg, leave, rows_at_start(event, limit=PAGE), is_guess=not is_sure)
    return _start(services, event, channel_name)


def _start(services: Services, event: Event, channel_name: str) -> _Start:
    with services.database.read() as tx:
        leg = find_leg(tx, event.id, channel_name)
        if leg is None:
            raise PermanentError("The message does not go to this channel.")
        leave = ask_leave(services, tx, channel_name)
        is_free = leave.wait_until is None and not leave.probes
        return _Start(leg, leave if is_free else None, list_unfinished(tx, leg, limit=PAGE))


def _reopened(services: Services, leg: Leg, channel_name: str, claim: Claim) -> Leg:
    """Have what failed wait again, because an operator replayed the dead letter."""

    def reopen(tx: Transaction) -> Leg:
        if not are_held(tx, [claim])[0]:
            raise LeaseLostError
        failed = (RecipientState.FAILED, RecipientState.REFUSED)
        reopen_channels(tx, leg.message_id, [leg.position], failed, now=services.clock.now())
        found = find_leg(tx, leg.message_id, channel_name)
        assert found is not None
        return found

    return services.database.run(reopen)


def _sender(services: Services, name: str) -> tuple[Channel, Sender]:
    channel = services.channels.get(name)
    sender = None if channel is None else channel.as_capability(Sender)
    if channel is None or sender is None:
        raise LegFailed(
            "channel_cannot_send",
            f"The channel {name} is off or sends nothing now; see `flask channels list`.",
            gave_up=True,
        )
    return channel, sender


def _settle(services: Services, out: Outgoing) -> None:
    """Decide about what an earlier attempt left on its way; at a first attempt there is nothing."""
    if out.claim.attempt == 1:
        return

    def settle(tx: Transaction) -> int:
        if not are_held(tx, [out.claim])[0]:
            raise LeaseLostError
        return settle_interrupted(
            tx, out.leg, now=services.clock.now(), is_repeated=out.may_repeat, sentence=INTERRUPTED
        )

    if count := services.database.run(settle):
        log.warning(
            "message_interrupted",
            event_id=out.event.id,
            channel=out.channel.name,
            parts=count,
            repeated=out.may_repeat,
        )


def _send_pages(services: Services, out: Outgoing) -> None:
    """Send to everybody who waits; recipients that are looked up come page by page, each when the one before is finished."""
    out.check_lifetime()
    out.ask_leave()
    while True:
        rows = _page(services, out)
        is_whole = len(rows) < PAGE
        batches = batches_of(rows, partial(most_in_one_call, out.sender))
        is_last_page = is_whole and out.leg.next_lookup is None
        for place, batch in enumerate(batches):
            out.send_batch(
                batch, is_last=is_last_page and place == len(batches) - 1 and _is_all(rows, batches)
            )
        if not is_whole:
            out.leg = out.leg._replace(page_start=rows[-1].number)
            continue
        out.wait_for_held_back()
        if out.leg.next_lookup is None:
            return
        out.leg = look_up(services, out)


def _is_all(rows: Sequence[Any], batches: Sequence[Batch]) -> bool:
    """Say whether no row of a page waits for another one of its recipient."""
    return len(rows) == sum(len(batch.numbers) for batch in batches)


def _page(services: Services, out: Outgoing) -> Sequence[Any]:
    if out.first_page is not None:
        rows, out.first_page = out.first_page, None
        return rows
    with services.database.read() as tx:
        rows = list_unfinished(tx, out.leg, limit=PAGE + len(out.held_back))
    return [row for row in rows if row.number not in out.held_back]


def _end(services: Services, out: Outgoing) -> MessageState:
    """Return how the channel ended; raises LegFailed where nobody was reached."""
    if out.ended is not None:
        return out.ended
    last = Arrival(
        out.claim, out.leg.message_id, out.leg.position, (), now=services.clock.now(), is_last=True
    )
    arrived = services.accepts.run(write_arrivals, last)
    if not arrived.is_held:
        raise LeaseLostError
    if arrived.state is None:
        word, sentence = out.last_refusal or (
            "nobody",
            "Nobody was reached: there is no recipient to send to.",
        )
        raise LegFailed(word, sentence, gave_up=False)
    return arrived.state


def _stop(services: Services, out: Outgoing) -> MessageState:
    """End a channel of a message that an operator stopped; those who were not reached are told as such."""

    def stop(tx: Transaction) -> MessageState:
        if not are_held(tx, [out.claim])[0]:
            raise LeaseLostError
        failed = _failed_leg(out.event, out.leg, "stopped", "An operator stopped the message.", gave_up=False)
        return fail_channel(tx, failed, None, now=services.clock.now())

    return services.database.run(stop)


def fail_message(
    services: Services, channel_name: str, tx: Transaction, event: Event, *, error: Exception
) -> None:
    """End a channel whose dispatch died, in that transaction, and begin the next one of a fallback."""
    leg = find_leg(tx, event.id, channel_name)
    if leg is None or leg.state not in OPEN:
        return
    word, sentence, gave_up = _reason(error)
    failed = _failed_leg(event, leg, word, sentence, gave_up=gave_up)
    following = next_waiting_channel(tx, event.id, leg.position)
    now = services.clock.now()
    dispatch = None
    if following is not None:
        dispatch = NewDispatch(new_id(now), event.id, message_route_name(following), due_at=now)
    state = fail_channel(tx, failed, dispatch, now=now)
    services.meters.message(channel_name, state.value)
    log.warning(
        "message_failed",
        event_id=event.id,
        channel=channel_name,
        state=state.value,
        error=word,
    )


def _reason(error: Exception) -> tuple[str, str, bool]:
    if isinstance(error, LegFailed):
        return error.word, error.message, error.gave_up
    said = getattr(error, "message", None)
    sentence = GAVE_UP.format(error=said if isinstance(said, str) else error.__class__.__name__)
    return "gave_up", sentence, True


def _failed_leg(event: Event, leg: Leg, word: str, sentence: str, *, gave_up: bool) -> FailedLeg:
    recipients, apps = addressees_of(event.data)
    return FailedLeg(leg.message_id, leg.position, word, sentence, gave_up, recipients, looks_up=bool(apps))
