"""How a message ends on a channel, what that means for the message, and how it begins again: all with the message locked.

So of two channels that end at the same moment the second one sees the first, and the next channel of a fallback begins in
the transaction in which the one before it ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, select

from app.core.sending import Recipient
from app.core.states import DispatchState, MessageState, RecipientState
from app.core.storable import storable
from app.storage.database.db import supports_skip_locked
from app.storage.messages.acceptance import first_lookup, insert_recipients, recipient_rows
from app.storage.messages.progress import write_begun
from app.storage.messages.states import NOBODY_REACHED, OPEN, REACHED, channel_state_of, message_state_of
from app.storage.messages.tables import message_channels, message_recipients, messages
from app.storage.messages.verdicts import (
    MOST_SENTENCE,
    Verdict,
    insert_next_part,
    write_single_verdicts,
    write_verdicts,
)
from app.storage.queue.claims import are_held
from app.storage.queue.dispatches import Claim, NewDispatch, insert_dispatch_once, list_dispatches
from app.storage.queue.event_states import lock_events
from app.storage.queue.replays import DueAgain, make_due
from app.storage.queue.waiting import WAITING


class Arrival(NamedTuple):
    """What came of one call: verdicts, and for whom the next part follows. `is_last` ends the channel if anybody was reached.

    `is_whole` says that these verdicts are about all there is on this channel, `is_only` that the message has no other
    one: then nothing need be counted or locked. `begins` says that it is not written yet that the channel has begun.
    """

    claim: Claim
    message_id: str
    position: int
    verdicts: tuple[Verdict, ...]
    now: datetime
    part: int = 0
    next_numbers: tuple[int, ...] = ()
    is_last: bool = False
    is_whole: bool = False
    is_only: bool = False
    begins: bool = True


class Arrived(NamedTuple):
    """Whether the lease is held, and how the channel ended; None where it goes on, or where nobody was reached and it has to fail."""

    is_held: bool
    state: MessageState | None = None


def write_arrivals(tx: Connection, items: Sequence[Arrival]) -> list[Arrived]:
    """Write what came of calls; nothing for those whose lease was taken over meanwhile."""
    held = are_held(tx, [item.claim for item in items])
    simple = [item for item, is_ours in zip(items, held, strict=True) if is_ours and is_simple(item)]
    write_simple_ends(tx, simple)
    return [
        _arrived(tx, item) if is_ours else Arrived(False) for item, is_ours in zip(items, held, strict=True)
    ]


def is_simple(item: Arrival) -> bool:
    """Say whether a message has come to its end with its one call, to one recipient who was reached, as most do."""
    is_all = item.is_last and item.is_whole and item.is_only and len(item.verdicts) == 1
    return is_all and len(item.verdicts[0].numbers) == 1 and item.verdicts[0].state in REACHED


def write_simple_ends(tx: Connection, items: Sequence[Arrival]) -> None:
    """Write the ends of simple messages, whose leases are held, together: three statements, however many there are."""
    if not items:
        return
    verdicts = [(item.message_id, item.position, item.verdicts[0]) for item in items]
    write_single_verdicts(tx, verdicts, now=max(item.now for item in items))
    sent = MessageState.SENT
    tx.execute(_END, [_end_values(item.message_id, item.position, sent, now=item.now) for item in items])
    tx.execute(
        _FINISH, [{"of_message": each.message_id, "new_state": sent.value, "at": each.now} for each in items]
    )


def _arrived(tx: Connection, item: Arrival) -> Arrived:
    if is_simple(item):
        return Arrived(True, MessageState.SENT)
    write_verdicts(tx, item.message_id, item.position, item.verdicts, now=item.now)
    if item.next_numbers:
        insert_next_part(
            tx, item.message_id, item.position, part=item.part, numbers=item.next_numbers, now=item.now
        )
    if not item.is_last:
        if item.begins:
            write_begun(tx, item.message_id, item.position)
        return Arrived(True)
    message = None if item.is_only else lock_message(tx, item.message_id)
    counts = (
        _counted(item.verdicts) if item.is_whole else counts_of_channel(tx, item.message_id, item.position)
    )
    state = channel_state_of(counts, gave_up=False)
    if state in NOBODY_REACHED:
        return Arrived(True)
    write_channel_end(tx, item.message_id, item.position, state, now=item.now)
    if item.is_only:
        tx.execute(_FINISH, {"of_message": item.message_id, "new_state": state.value, "at": item.now})
    else:
        write_message(tx, message, now=item.now)
    return Arrived(True, state)


_FINISH = (
    messages.update()
    .where(messages.c.id == bindparam("of_message"))
    .values(state=bindparam("new_state"), finished_at=bindparam("at"))
)


def _counted(verdicts: Sequence[Verdict]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for verdict in verdicts:
        found[verdict.state.value] += len(verdict.numbers)
    return found


class FailedLeg(NamedTuple):
    """A channel that the gateway gives up: why, and what the next one of a fallback begins with."""

    message_id: str
    position: int
    error: str
    sentence: str
    gave_up: bool
    recipients: tuple[Recipient, ...]
    looks_up: bool


def fail_channel(
    tx: Connection, failed: FailedLeg, next_dispatch: NewDispatch | None, *, now: datetime
) -> MessageState:
    """End a channel for good and let the next one of a fallback begin; return how it ended.

    What was on its way stays unknown, what waited has failed.
    """
    message = lock_message(tx, failed.message_id)
    _fail_rest(tx, failed, now)
    counts = counts_of_channel(tx, failed.message_id, failed.position)
    state = channel_state_of(counts, gave_up=failed.gave_up)
    write_channel_end(
        tx, failed.message_id, failed.position, state, now=now, error=failed.error, sentence=failed.sentence
    )
    is_next = message is not None and message.is_fallback and message.stopped_at is None
    if is_next and state in NOBODY_REACHED and next_dispatch is not None:
        _begin_next(tx, failed, next_dispatch, now)
    write_message(tx, message, now=now)
    return state


def next_waiting_channel(tx: Connection, message_id: str, position: int) -> str | None:
    """Return the channel that a fallback would try after this one."""
    query = select(message_channels.c.channel).where(
        message_channels.c.message_id == message_id, message_channels.c.position == position + 1
    )
    return tx.execute(query).scalar_one_or_none()


def _fail_rest(tx: Connection, failed: FailedLeg, now: datetime) -> None:
    own = message_recipients.c
    of_leg = (own.message_id == failed.message_id, own.position == failed.position)
    sentence = storable(failed.sentence, MOST_SENTENCE)
    for before, after in (
        (RecipientState.QUEUED, RecipientState.FAILED),
        (RecipientState.SENDING, RecipientState.UNKNOWN),
    ):
        tx.execute(
            message_recipients.update()
            .where(*of_leg, own.state == before.value)
            .values(state=after.value, error=failed.error, sentence=sentence, changed_at=now)
        )


def _begin_next(tx: Connection, failed: FailedLeg, dispatch: NewDispatch, now: datetime) -> None:
    position = failed.position + 1
    is_it = (message_channels.c.message_id == failed.message_id, message_channels.c.position == position)
    values = {
        "state": MessageState.QUEUED.value,
        "recipients": len(failed.recipients),
        "page_start": 0,
        "next_lookup": first_lookup(looks_up=failed.looks_up),
        "error": None,
        "sentence": None,
        "finished_at": None,
    }
    tx.execute(message_channels.update().where(*is_it).values(**values))
    insert_recipients(tx, list(recipient_rows(failed.message_id, position, failed.recipients, now=now)))
    if not insert_dispatch_once(tx, dispatch):
        _run_again(tx, dispatch)


def _run_again(tx: Connection, wanted: NewDispatch) -> bool:
    """Make a dispatch that has ended due anew, and one that waits due then; False, and nothing done, while it runs."""
    own = [each for each in list_dispatches(tx, [wanted.event_id]) if each.route == wanted.route]
    if any(each.state == DispatchState.RUNNING.value for each in own):
        return False
    make_due(tx, [DueAgain(each.id, each.state, each.attempt, wanted.due_at) for each in own])
    return True


def lock_message(tx: Connection, message_id: str) -> Row[Any] | None:
    """Return a message and keep others from judging it until the transaction ends."""
    query = select(messages).where(messages.c.id == message_id)
    if supports_skip_locked(tx):
        query = query.with_for_update()
    return tx.execute(query).one_or_none()


def counts_of_channel(tx: Connection, message_id: str, position: int) -> dict[str, int]:
    """Return how many rows of recipients of a channel are in each state."""
    own = message_recipients.c
    query = select(own.state, func.count()).where(own.message_id == message_id, own.position == position)
    return {state: int(count) for state, count in tx.execute(query.group_by(own.state))}


def write_channel_end(
    tx: Connection,
    message_id: str,
    position: int,
    state: MessageState,
    *,
    now: datetime,
    error: str | None = None,
    sentence: str | None = None,
) -> None:
    """Write how a channel ended."""
    tx.execute(_END, _end_values(message_id, position, state, now=now, error=error, sentence=sentence))


def _end_values(
    message_id: str,
    position: int,
    state: MessageState,
    *,
    now: datetime,
    error: str | None = None,
    sentence: str | None = None,
) -> dict[str, Any]:
    return {
        "of_message": message_id,
        "of_position": position,
        "new_state": state.value,
        "new_error": error,
        "new_sentence": None if sentence is None else storable(sentence, MOST_SENTENCE),
        "at": now,
    }


_END = (
    message_channels.update()
    .where(
        message_channels.c.message_id == bindparam("of_message"),
        message_channels.c.position == bindparam("of_position"),
    )
    .values(
        state=bindparam("new_state"),
        waits_until=None,
        error=bindparam("new_error"),
        sentence=bindparam("new_sentence"),
        finished_at=bindparam("at"),
    )
)


def write_message(tx: Connection, message: Row[Any] | None, *, now: datetime) -> None:
    """Write where a message stands, from where its channels do."""
    if message is None:
        return
    query = select(message_channels.c.state).where(message_channels.c.message_id == message.id)
    states = [
        MessageState(each) for each in tx.execute(query.order_by(message_channels.c.position)).scalars()
    ]
    state = message_state_of(states, is_fallback=message.is_fallback)
    tx.execute(
        messages.update()
        .where(messages.c.id == message.id)
        .values(state=state.value, finished_at=None if state in OPEN else now)
    )


def stop_message(tx: Connection, message_id: str, *, now: datetime) -> bool:
    """Have a message go no further, and what waits of it look at that now; False when it has ended or is not there."""
    lock_events(tx, [message_id])
    waiting = [each for each in list_dispatches(tx, [message_id]) if each.state in WAITING]
    make_due(tx, [DueAgain(each.id, each.state, each.attempt, now) for each in waiting])
    message = lock_message(tx, message_id)
    if message is None or MessageState(message.state) not in OPEN:
        return False
    tx.execute(messages.update().where(messages.c.id == message_id).values(stopped_at=now))
    return True


def reopen_channels(
    tx: Connection,
    message_id: str,
    positions: Collection[int],
    states: Collection[RecipientState],
    *,
    now: datetime,
) -> int:
    """Have what is in these states on these channels wait again, as a call of its own; return how many rows that were.

    Parts that follow one that is sent again are sent again too, because they wait for it.
    """
    own = message_recipients.c
    of_these = (own.message_id == message_id, own.position.in_(tuple(positions)))
    wanted = tuple(state.value for state in states)
    count = tx.execute(
        message_recipients.update()
        .where(*of_these, own.state.in_(wanted))
        .values(
            state=RecipientState.QUEUED.value,
            batch=None,
            error=None,
            sentence=None,
            platform_id=None,
            changed_at=now,
        )
    ).rowcount
    tx.execute(
        message_channels.update()
        .where(message_channels.c.message_id == message_id, message_channels.c.position.in_(tuple(positions)))
        .values(state=MessageState.QUEUED.value, page_start=0, error=None, sentence=None, finished_at=None)
    )
    message = lock_message(tx, message_id)
    tx.execute(
        messages.update()
        .where(messages.c.id == message_id)
        .values(resends=messages.c.resends + 1, stopped_at=None, resent_at=now)
    )
    write_message(tx, message, now=now)
    return int(count)


def run_channels_again(tx: Connection, dispatches: Sequence[NewDispatch]) -> bool:
    """Make the dispatches of channels due, those that were never stored among them; False where one is just ending."""
    return all(insert_dispatch_once(tx, each) or _run_again(tx, each) for each in dispatches)
