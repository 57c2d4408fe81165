"""What became of parts, and the parts that follow: rows of recipients, written by whoever holds the lease."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, literal, select

from app.core.states import RecipientState
from app.core.storable import storable
from app.storage.database.db import UtcDateTime
from app.storage.messages.tables import message_recipients

NOT_REACHED = frozenset({RecipientState.REFUSED, RecipientState.FAILED, RecipientState.UNKNOWN})
MOST_SENTENCE = 500
MOST_PLATFORM_ID = 255


class Verdict(NamedTuple):
    """What became of one part for some recipients; back in `queued` it is sent again later."""

    part: int
    numbers: tuple[int, ...]
    state: RecipientState
    platform_id: str | None = None
    error: str | None = None
    sentence: str | None = None


def write_verdicts(
    tx: Connection, message_id: str, position: int, verdicts: Sequence[Verdict], *, now: datetime
) -> None:
    """Write what became of parts; the lease is held by whoever calls."""
    for verdict in verdicts:
        tx.execute(_JUDGE, _judge_values(message_id, position, verdict, now))
        if verdict.state in NOT_REACHED:
            _end_later_parts(tx, message_id, position, verdict, now)


def _end_later_parts(tx: Connection, message_id: str, position: int, verdict: Verdict, now: datetime) -> None:
    """Write that what would follow a part that did not arrive is not sent; only a resend has such rows."""
    own = message_recipients.c
    tx.execute(
        message_recipients.update()
        .where(
            own.message_id == message_id,
            own.position == position,
            own.number.in_(verdict.numbers),
            own.part > verdict.part,
            own.state == RecipientState.QUEUED.value,
        )
        .values(state=RecipientState.FAILED.value, error="part_before_failed", sentence=None, changed_at=now)
    )


_JUDGE = (
    message_recipients.update()
    .where(
        message_recipients.c.message_id == bindparam("of_message"),
        message_recipients.c.position == bindparam("of_position"),
        message_recipients.c.part == bindparam("of_part"),
        message_recipients.c.number.in_(bindparam("numbers", expanding=True)),
    )
    .values(
        state=bindparam("new_state"),
        platform_id=bindparam("new_platform_id"),
        error=bindparam("new_error"),
        sentence=bindparam("new_sentence"),
        changed_at=bindparam("at"),
    )
)


def _judge_values(message_id: str, position: int, verdict: Verdict, now: datetime) -> dict[str, Any]:
    return {
        "of_message": message_id,
        "of_position": position,
        "of_part": verdict.part,
        "numbers": list(verdict.numbers),
        "new_state": verdict.state.value,
        "new_platform_id": None
        if verdict.platform_id is None
        else storable(verdict.platform_id, MOST_PLATFORM_ID),
        "new_error": verdict.error,
        "new_sentence": None if verdict.sentence is None else storable(verdict.sentence, MOST_SENTENCE),
        "at": now,
    }


NEXT_PART = (
    "message_id", "position", "number", "part", "kind", "value", "state", "batch", "attempt", "changed_at",
)  # fmt: skip


def insert_next_part(
    tx: Connection, message_id: str, position: int, *, part: int, numbers: Collection[int], now: datetime
) -> None:
    """Let recipients wait for the part after `part`; those who wait for it already stay as they are."""
    own = message_recipients.c
    query: Select[Any] = select(
        *(own.message_id, own.position, own.number, literal(part + 1), own.kind, own.value),
        literal(RecipientState.QUEUED.value),
        *(own.batch, literal(0), literal(now, UtcDateTime)),
    ).where(
        own.message_id == message_id,
        own.position == position,
        own.part == part,
        own.number.in_(tuple(numbers)),
        ~_has_part(part + 1),
    )
    tx.execute(message_recipients.insert().from_select(list(NEXT_PART), query))


def _has_part(part: int) -> Any:
    """Say whether a recipient has a row for a part."""
    own, other = message_recipients.c, message_recipients.alias("other")
    same = (
        other.c.message_id == own.message_id,
        other.c.position == own.position,
        other.c.number == own.number,
        other.c.part == part,
    )
    return select(literal(1)).where(*same).exists()
