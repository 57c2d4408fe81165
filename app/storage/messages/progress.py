"""How a message goes out on one channel: what is unfinished, what goes out now, what came of it. Nobody writes without the lease.

Each write is handed over as a list of items, so that messages that are sent at the same time share a commit. The order of
locks is that of every other write: rows of the queue, then messages, then what hangs on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, literal, select

from app.core.sending import Recipient
from app.core.states import MessageState, RecipientState
from app.core.storable import storable
from app.storage.messages.acceptance import insert_recipients, recipient_rows
from app.storage.messages.paces import Allowances, Toll, lock_allowances
from app.storage.messages.tables import message_channels, message_recipients, messages
from app.storage.messages.verdicts import MOST_SENTENCE
from app.storage.queue.claims import are_held
from app.storage.queue.dispatches import Claim

UNFINISHED = (RecipientState.QUEUED.value, RecipientState.SENDING.value)


class Leg(NamedTuple):
    """One message on one channel as it was found."""

    message_id: str
    position: int
    state: MessageState
    recipients: int
    page_start: int
    next_lookup: str | None
    resends: int
    repeats_unknown: bool
    is_stopped: bool
    is_only: bool
    """Whether the message goes to no other channel."""

    asked_at: datetime
    """When it was asked for, the last time."""

    waits_for: str | None = None
    """Why it waited last, in words."""


# Built once, here and below: putting a statement together costs more than running it.
_OTHER = message_channels.alias("other_channels")
_LEG = (
    select(
        message_channels,
        messages.c.resends,
        messages.c.repeats_unknown,
        messages.c.stopped_at,
        messages.c.created_at,
        messages.c.resent_at,
        ~select(literal(1))
        .where(
            _OTHER.c.message_id == message_channels.c.message_id,
            _OTHER.c.position != message_channels.c.position,
        )
        .exists()
        .label("is_only"),
    )
    .join(messages, messages.c.id == message_channels.c.message_id)
    .where(
        message_channels.c.message_id == bindparam("of_message"),
        message_channels.c.channel == bindparam("of_channel"),
    )
)
_UNFINISHED_ROWS = (
    select(*(message_recipients.c[name] for name in ("number", "part", "kind", "value", "state", "batch")))
    .where(
        message_recipients.c.message_id == bindparam("of_message"),
        message_recipients.c.position == bindparam("of_position"),
        message_recipients.c.number >= bindparam("first"),
        message_recipients.c.state.in_(UNFINISHED),
    )
    .order_by(message_recipients.c.number, message_recipients.c.part)
    .limit(bindparam("most"))
)
_STANDING = select(messages.c.id, messages.c.state, messages.c.resends, messages.c.stopped_at).where(
    messages.c.id.in_(bindparam("ids", expanding=True))
)


def find_leg(tx: Connection, message_id: str, channel: str) -> Leg | None:
    """Return where a message stands on a channel, None when it does not go there."""
    row = tx.execute(_LEG, {"of_message": message_id, "of_channel": channel}).one_or_none()
    if row is None:
        return None
    return Leg(
        message_id,
        row.position,
        MessageState(row.state),
        row.recipients,
        row.page_start,
        row.next_lookup,
        row.resends,
        row.repeats_unknown,
        row.stopped_at is not None,
        bool(row.is_only),
        row.resent_at or row.created_at,
        row.sentence,
    )


def list_unfinished(tx: Connection, leg: Leg, *, limit: int) -> Sequence[Any]:
    """Return rows of recipients that are not finished, in order; before the leg's page all are."""
    return tx.execute(
        _UNFINISHED_ROWS,
        {
            "of_message": leg.message_id,
            "of_position": leg.position,
            "first": leg.page_start,
            "most": limit,
        },
    ).all()


class Page(NamedTuple):
    """Recipients that were looked up, about to be stored; `next_lookup` is where the next page begins, None after the last."""

    claim: Claim
    leg: Leg
    recipients: tuple[Recipient, ...]
    next_lookup: str | None
    now: datetime


def store_pages(tx: Connection, pages: Sequence[Page]) -> list[bool]:
    """Store looked-up recipients and how far that came; False, and nothing stored, for whoever lost the lease."""
    held = are_held(tx, [page.claim for page in pages])
    for page, is_ours in zip(pages, held, strict=True):
        if is_ours:
            first = page.leg.recipients
            tx.execute(
                message_channels.update()
                .where(_is_channel(page.leg.message_id, page.leg.position))
                .values(
                    recipients=first + len(page.recipients), page_start=first, next_lookup=page.next_lookup
                )
            )
            rows = recipient_rows(
                page.leg.message_id, page.leg.position, page.recipients, now=page.now, first=first
            )
            insert_recipients(tx, list(rows))
    return held


class Departure(NamedTuple):
    """One part about to go out to some recipients in one call, with what it uses of the platform's allowances."""

    claim: Claim
    message_id: str
    position: int
    part: int
    numbers: tuple[int, ...]
    batch: int
    now: datetime
    tolls: tuple[Toll, ...] = ()
    tolls_of_each: tuple[tuple[Toll, ...], ...] = ()
    is_guess: bool = False
    """Whether it was not read where the message stands: only one that nobody has begun, of one channel, may go out then."""


class Departed(NamedTuple):
    """Whether the lease is held and nobody stopped the message, who goes out now, and when the others may."""

    is_held: bool
    is_stopped: bool = False
    numbers: tuple[int, ...] = ()
    wait_until: datetime | None = None
    is_channel_full: bool = False
    is_begun: bool = False
    """Whether it was guessed wrongly where the message stands; nothing is written then."""


def write_departures(tx: Connection, items: Sequence[Departure]) -> list[Departed]:
    """Write that parts are going out, before their calls are made.

    1. Who lost the lease writes nothing, nor does a message that was stopped or that is further than was thought.
    2. Allowances are used; whoever finds none left waits.
    3. The rows are `sending`; channel and message are once something came back (endings.py), and are shown so before.
    """
    held = are_held(tx, [item.claim for item in items])
    refused = _refused(tx, items)
    goes = [is_ours and item.message_id not in refused for item, is_ours in zip(items, held, strict=True)]
    going = [item for item, does in zip(items, goes, strict=True) if does]
    tolls = [
        toll
        for item in going
        for toll in (*item.tolls, *(each for own in item.tolls_of_each for each in own))
    ]
    allowances = lock_allowances(tx, tolls, max(item.now for item in items))
    departed = [
        _admitted(item, allowances) if does else _held_up(item, is_ours, refused)
        for item, is_ours, does in zip(items, held, goes, strict=True)
    ]
    allowances.write(tx)
    _write_going(
        tx, [(item, each.numbers) for item, each in zip(items, departed, strict=True) if each.numbers]
    )
    return departed


def _write_going(tx: Connection, going: Sequence[tuple[Departure, tuple[int, ...]]]) -> None:
    """Write who goes out; messages to one recipient, as most are, together in one statement."""
    single = [_go_values(item) | {"of_number": numbers[0]} for item, numbers in going if len(numbers) == 1]
    if single:
        tx.execute(_GO_ONE, single)
    for item, numbers in going:
        if len(numbers) > 1:
            tx.execute(_GO, _go_values(item) | {"numbers": list(numbers)})


def _held_up(item: Departure, is_ours: bool, refused: Mapping[str, Departed]) -> Departed:
    return refused[item.message_id] if is_ours else Departed(is_held=False)


def _refused(tx: Connection, items: Sequence[Departure]) -> dict[str, Departed]:
    """Return the messages that go no further now: those that were stopped, and those of which was guessed wrongly."""
    guessed = {item.message_id for item in items if item.is_guess}
    refused = {}
    for row in tx.execute(_STANDING, {"ids": sorted({item.message_id for item in items})}):
        is_begun = row.resends > 0 or row.state != MessageState.QUEUED.value
        if row.stopped_at is not None:
            refused[row.id] = Departed(is_held=True, is_stopped=True)
        elif row.id in guessed and is_begun:
            refused[row.id] = Departed(is_held=True, is_begun=True)
    return refused


def _admitted(item: Departure, allowances: Allowances) -> Departed:
    """Use the allowances of one call: of the channel for the call, and of each recipient."""
    if (until := allowances.wait_for(item.tolls)) is not None:
        return Departed(is_held=True, wait_until=until, is_channel_full=True)
    if not item.tolls_of_each:
        allowances.use(item.tolls)
        return Departed(is_held=True, numbers=item.numbers)
    numbers, waits = [], []
    for number, own in zip(item.numbers, item.tolls_of_each, strict=True):
        if (until := allowances.wait_for(own)) is not None:
            waits.append(until)
        else:
            allowances.use(own)
            numbers.append(number)
    if numbers:
        allowances.use(item.tolls)
    return Departed(is_held=True, numbers=tuple(numbers), wait_until=min(waits, default=None))


_GOING = (
    message_recipients.update()
    .where(
        message_recipients.c.message_id == bindparam("of_message"),
        message_recipients.c.position == bindparam("of_position"),
        message_recipients.c.part == bindparam("of_part"),
    )
    .values(
        state=RecipientState.SENDING.value,
        batch=bindparam("new_batch"),
        attempt=bindparam("new_attempt"),
        changed_at=bindparam("at"),
    )
)
_GO = _GOING.where(message_recipients.c.number.in_(bindparam("numbers", expanding=True)))
_GO_ONE = _GOING.where(message_recipients.c.number == bindparam("of_number"))


def _go_values(item: Departure) -> dict[str, Any]:
    return {
        "of_message": item.message_id,
        "of_position": item.position,
        "of_part": item.part,
        "new_batch": item.batch,
        "new_attempt": item.claim.attempt,
        "at": item.now,
    }


_MESSAGE_BEGUN = (
    messages.update()
    .where(messages.c.id == bindparam("of_message"), messages.c.state == MessageState.QUEUED.value)
    .values(state=MessageState.SENDING.value)
)
_CHANNEL_BEGUN = (
    message_channels.update()
    .where(
        message_channels.c.message_id == bindparam("of_message"),
        message_channels.c.position == bindparam("of_position"),
        message_channels.c.state == MessageState.QUEUED.value,
    )
    .values(state=MessageState.SENDING.value, waits_until=None)
)


def write_begun(tx: Connection, message_id: str, position: int) -> None:
    """Write that a channel and its message are under way; nothing changes where they were."""
    tx.execute(_MESSAGE_BEGUN, {"of_message": message_id})
    tx.execute(_CHANNEL_BEGUN, {"of_message": message_id, "of_position": position})


def settle_interrupted(tx: Connection, leg: Leg, *, now: datetime, is_repeated: bool, sentence: str) -> int:
    """Decide about what an earlier attempt left as `sending`: it goes out again, or nobody knows. Return how many rows."""
    own = message_recipients.c
    state = RecipientState.QUEUED if is_repeated else RecipientState.UNKNOWN
    error, said = (None, None) if is_repeated else ("outcome_unknown", sentence)
    return tx.execute(
        message_recipients.update()
        .where(
            own.message_id == leg.message_id,
            own.position == leg.position,
            own.state == RecipientState.SENDING.value,
        )
        .values(state=state.value, error=error, sentence=said, changed_at=now)
    ).rowcount


def _is_channel(message_id: str, position: int) -> Any:
    return and_(message_channels.c.message_id == message_id, message_channels.c.position == position)


def note_wait(tx: Connection, leg: Leg, *, until: datetime | None, error: str, sentence: str) -> None:
    """Say on a channel of a message why it waits, and until when."""
    tx.execute(
        message_channels.update()
        .where(_is_channel(leg.message_id, leg.position))
        .values(waits_until=until, error=error, sentence=storable(sentence, MOST_SENTENCE))
    )
