"""Accepting deliveries: many events with their dispatches and nonces, in as few statements as the database allows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from app.storage.database.many_rows import insert_rows_once
from app.storage.expected_payments import Paid, note_paid
from app.storage.inbox.events import (
    EventRow,
    Holder,
    NewEvent,
    count_copies,
    event_row,
    events,
    find_holders,
    give_claim_up,
    rows_to_insert,
)
from app.storage.inbox.nonces import use_nonce
from app.storage.queue.dispatches import Claim, NewDispatch, insert_dispatches

Holders = dict[tuple[str, str], Holder]


class Acceptance(NamedTuple):
    """One proven event about to be stored; a claim on its key older than `window` is given up for it.

    Events of one delivery have its name in common: they spend its nonce once, together.
    """

    new: NewEvent
    dispatches: tuple[NewDispatch, ...]
    window: timedelta
    now: datetime
    delivery: str = ""
    nonce: str | None = None
    nonce_expires_at: datetime | None = None
    nonce_bound_to: str | None = None
    paid: Paid | None = None
    """The order that this event says is paid."""

    @property
    def delivery_name(self) -> str:
        """What the events of one delivery have in common; an event that came alone is its own delivery."""
        return self.delivery or self.new.event.id


class Accepted(NamedTuple):
    """Which event holds the key, whether it is new, and what this process runs of it at once.

    `nonce_is_used` says that nothing was stored because the nonce had been seen before.
    """

    event_id: str
    is_new: bool
    claims: tuple[Claim, ...] = ()
    nonce_is_used: bool = False


def accept_many(tx: Connection, items: Sequence[Acceptance]) -> list[Accepted]:
    """Store deliveries; the unique constraint on channel and claim, not a look-up, decides who is first.

    1. Used nonces are turned away.
    2. All events are inserted; those whose key is taken are left out by the database.
    3. The dispatches of the new ones are inserted.
    4. Each of the others finds the event that holds its key and is counted there, or takes the place of one whose
       window is over.

    What tells of a payment that another event told before is a copy of that one, whatever its key.
    """
    refused = _with_used_nonce(tx, items)
    told = _told_before(tx, [item for item in items if item.paid is not None and id(item) not in refused])
    welcome = [item for item in items if id(item) not in refused and id(item) not in told]
    fresh = _insert_events(tx, [item.new for item in welcome])
    stored = [item for item in welcome if item.new.event.id in fresh]
    insert_dispatches(tx, [each for item in stored for each in item.dispatches])
    copies = [item for item in welcome if item.new.event.id not in fresh]
    holders = find_holders(tx, [item.new.event for item in copies]) if copies else {}
    accepted = [
        Accepted(told[id(item)], is_new=False)
        if id(item) in told
        else _accepted(tx, item, holders, is_refused=id(item) in refused, fresh=fresh)
        for item in items
    ]
    count_copies(tx, [each.event_id for each in accepted if not (each.is_new or each.nonce_is_used)])
    return accepted


def _told_before(tx: Connection, items: Sequence[Acceptance]) -> dict[int, str]:
    """Write which orders were paid; return by each item's identity the event that told of its payment before.

    Sorted, so that two processes with the same orders wait for each other in the same order.
    """
    sorted_items = sorted(items, key=lambda item: item.paid or ())
    found = {id(item): note_paid(tx, item.paid) for item in sorted_items if item.paid is not None}
    return {item: event_id for item, event_id in found.items() if event_id is not None}


def _with_used_nonce(tx: Connection, items: Sequence[Acceptance]) -> set[int]:
    """Spend the nonces, each delivery's once; return the identity of every item whose nonce was used before."""
    is_fresh: dict[str, bool] = {}
    for item in items:
        if item.nonce is not None and item.delivery_name not in is_fresh:
            expires_at = item.nonce_expires_at or item.now
            is_fresh[item.delivery_name] = use_nonce(
                tx, item.new.event.channel, item.nonce, expires_at, bound_to=item.nonce_bound_to
            )
    return {id(item) for item in items if not is_fresh.get(item.delivery_name, True)}


def _accepted(
    tx: Connection, item: Acceptance, holders: Holders, *, is_refused: bool, fresh: set[str]
) -> Accepted:
    event = item.new.event
    if is_refused:
        return Accepted(event.id, is_new=False, nonce_is_used=True)
    if event.id in fresh:
        return Accepted(event.id, is_new=True, claims=_claims(item))
    holder = holders.get((event.channel, event.key))
    if holder is not None and holder.received_at >= event.received_at - item.window:
        return Accepted(holder.id, is_new=False)
    if holder is not None:
        give_claim_up(tx, holder.id)
    if not _insert_events(tx, [item.new]):
        raise LookupError("an event key is taken, but nobody holds it")
    insert_dispatches(tx, item.dispatches)
    holders[event.channel, event.key] = Holder(event.id, event.received_at)
    return Accepted(event.id, is_new=True, claims=_claims(item))


def _claims(item: Acceptance) -> tuple[Claim, ...]:
    return tuple(
        Claim(
            each.id,
            each.event_id,
            each.route,
            attempt=1,
            started_at=item.now,
            order_key=each.order_key,
            is_fresh=True,
        )
        for each in item.dispatches
        if each.lease_until is not None
    )


def _insert_events(tx: Connection, new: Sequence[NewEvent]) -> set[str]:
    """Insert events unless their key is taken; return the ids that went in.

    Sorted by key, so that two processes with the same keys wait for each other in the same order.
    """
    if not new:
        return set()
    rows = sorted((event_row(item) for item in new), key=_by_key)
    return insert_rows_once(tx, events, *rows_to_insert(rows))


def _by_key(row: EventRow) -> tuple[str, str]:
    return row.channel, row.claim or ""
