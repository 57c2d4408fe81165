"""Rows of recipients whom a platform took a message for, and what is written about them later: taken back, or what became of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from app.core.states import MessageState, RecipientState
from app.core.storable import storable
from app.storage.messages.endings import counts_of_channel, lock_message, write_channel_end, write_message
from app.storage.messages.states import channel_state_of
from app.storage.messages.tables import message_recipients
from app.storage.messages.verdicts import MOST_SENTENCE

TAKEN = (RecipientState.SENT.value, RecipientState.ACCEPTED.value)
RECALL_REFUSED = "recall_refused"


def list_taken(tx: Connection, message_id: str, states: Collection[str], *, limit: int) -> Sequence[Any]:
    """Return rows in these states, call by call; what was tried before comes last."""
    own = message_recipients.c
    names = ("position", "number", "part", "kind", "value", "batch", "platform_id", "state")
    query = select(*(own[name] for name in names)).where(
        own.message_id == message_id, own.state.in_(tuple(states))
    )
    order = (own.error.is_not(None), own.position, own.part, own.batch, own.number)
    return tx.execute(query.order_by(*order).limit(limit)).all()


def count_taken(tx: Connection, message_id: str, states: Collection[str]) -> int:
    """Return how many rows are in these states."""
    own = message_recipients.c
    query = select(func.count()).where(own.message_id == message_id, own.state.in_(tuple(states)))
    return int(tx.execute(query).scalar_one())


def write_afterwards(
    tx: Connection,
    rows: Sequence[Any],
    message_id: str,
    *,
    state: RecipientState,
    now: datetime,
    error: str | None = None,
    sentence: str | None = None,
) -> int:
    """Write what was found out about rows of one call, unless they changed meanwhile; return how many that were."""
    own, first = message_recipients.c, rows[0]
    return tx.execute(
        message_recipients.update()
        .where(
            own.message_id == message_id,
            own.position == first.position,
            own.part == first.part,
            own.number.in_([row.number for row in rows]),
            own.state.in_(TAKEN),
        )
        .values(
            state=state.value,
            error=error,
            sentence=None if sentence is None else storable(sentence, MOST_SENTENCE),
            changed_at=now,
        )
    ).rowcount


def judge_again(tx: Connection, message_id: str, position: int, *, now: datetime) -> MessageState:
    """Write how a channel that had ended well ends now that more is known of its recipients."""
    message = lock_message(tx, message_id)
    state = channel_state_of(counts_of_channel(tx, message_id, position), gave_up=False)
    write_channel_end(tx, message_id, position, state, now=now)
    write_message(tx, message, now=now)
    return state
