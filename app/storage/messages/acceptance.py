"""Accepting messages: event, dispatches, message, channels and recipients in one commit, many messages together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from app.core.sending import Recipient
from app.core.states import MessageState, RecipientState
from app.storage.database.db import microseconds
from app.storage.database.many_rows import insert_rows
from app.storage.messages.tables import message_channels, message_recipients, messages
from app.storage.queue.acceptance import Acceptance, accept_many
from app.storage.queue.dispatches import Claim

MESSAGE_COLUMNS = (
    "id", "caller", "body_digest", "state", "is_fallback", "repeats_unknown", "resends", "created_at",
)  # fmt: skip
CHANNEL_COLUMNS = ("message_id", "position", "channel", "state", "recipients", "page_start", "next_lookup")
RECIPIENT_COLUMNS = (
    "message_id", "position", "number", "part", "kind", "value", "state", "attempt", "changed_at",
)  # fmt: skip


class NewMessage(NamedTuple):
    """A message about to be stored with its event; `channels` begin at once, of a fallback only the first.

    `looks_up` says that more recipients are found while it runs. `body_digest` is there with an idempotency key, which is
    the event's key then.
    """

    acceptance: Acceptance
    caller: str
    channels: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    looks_up: bool = False
    is_fallback: bool = False
    repeats_unknown: bool = False
    body_digest: str | None = None


class StoredMessage(NamedTuple):
    """Which message holds the key, whether it is new, the digest of what was asked for with that key, and what starts at once."""

    id: str
    is_new: bool
    body_digest: str | None
    claims: tuple[Claim, ...] = ()


def store_messages(tx: Connection, new: Sequence[NewMessage]) -> list[StoredMessage]:
    """Store messages; the unique constraint on the event's key decides which of several with one idempotency key is first."""
    accepted = accept_many(tx, [item.acceptance for item in new])
    fresh = [item for item, stored in zip(new, accepted, strict=True) if stored.is_new]
    if fresh:
        insert_rows(tx, messages, MESSAGE_COLUMNS, [_message_row(item) for item in fresh])
        insert_rows(
            tx, message_channels, CHANNEL_COLUMNS, [row for item in fresh for row in _channel_rows(item)]
        )
        insert_recipients(tx, [row for item in fresh for row in _recipient_rows(item)])
    digests = _digests(tx, [each.event_id for each in accepted if not each.is_new])
    return [
        StoredMessage(
            each.event_id,
            each.is_new,
            item.body_digest if each.is_new else digests.get(each.event_id),
            each.claims,
        )
        for item, each in zip(new, accepted, strict=True)
    ]


def _message_row(item: NewMessage) -> tuple[Any, ...]:
    return (
        item.acceptance.new.event.id,
        item.caller,
        item.body_digest,
        MessageState.QUEUED.value,
        item.is_fallback,
        item.repeats_unknown,
        0,
        microseconds(item.acceptance.now),
    )


def _channel_rows(item: NewMessage) -> Iterator[tuple[Any, ...]]:
    lookup = first_lookup(looks_up=item.looks_up)
    for position, channel in enumerate(item.channels):
        begins = not (item.is_fallback and position)
        state = MessageState.QUEUED if begins else MessageState.WAITING
        count = len(item.recipients) if begins else 0
        yield item.acceptance.new.event.id, position, channel, state.value, count, 0, lookup


def _recipient_rows(item: NewMessage) -> Iterator[tuple[Any, ...]]:
    begun = item.channels[:1] if item.is_fallback else item.channels
    for position in range(len(begun)):
        yield from recipient_rows(
            item.acceptance.new.event.id, position, item.recipients, now=item.acceptance.now
        )


def recipient_rows(
    message_id: str, position: int, recipients: Iterable[Recipient], *, now: datetime, first: int = 0
) -> Iterator[tuple[Any, ...]]:
    """Return the rows of recipients that wait for the first part; the first of them gets the number `first`."""
    for number, recipient in enumerate(recipients, first):
        state, at = RecipientState.QUEUED.value, microseconds(now)
        yield message_id, position, number, 1, recipient.kind, recipient.value, state, 0, at


def insert_recipients(tx: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store rows of recipients."""
    if rows:
        insert_rows(tx, message_recipients, RECIPIENT_COLUMNS, rows)


def first_lookup(*, looks_up: bool) -> str | None:
    """Return where looking up recipients begins: at the first list, before its first entry."""
    return "0:" if looks_up else None


def _digests(tx: Connection, message_ids: Sequence[str]) -> dict[str, str | None]:
    if not message_ids:
        return {}
    query = select(messages.c.id, messages.c.body_digest).where(messages.c.id.in_(message_ids))
    return {row.id: row.body_digest for row in tx.execute(query)}
