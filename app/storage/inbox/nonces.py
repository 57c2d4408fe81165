"""Nonces that signed requests have used up, kept until their signed time can no longer pass.

A nonce stays used whatever the clock does. When old ones are deleted, a mark stays for their channel: the latest end of
what was forgotten. A request whose own end is not after it may be one of those, so it counts as used. With clocks that
only go forward that never happens; it does when a clock that ran ahead is set back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Index, String, Table, bindparam, literal, select

from app.storage.database.db import (
    ExactText,
    UtcDateTime,
    insert_once,
    metadata,
    own_insert,
    supports_skip_locked,
)

MARK = ""
"""In place of a nonce: no sender can use an empty one."""

nonces = Table(
    "nonces",
    metadata,
    Column("channel", ExactText(64), primary_key=True),
    Column("nonce", ExactText(128), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("bound_to", String(64)),
    Index("ix_nonces_expires_at", "expires_at"),
)

_marks = nonces.alias("marks")
_FORGOTTEN = select(literal(1)).where(
    _marks.c.channel == bindparam("channel_", type_=nonces.c.channel.type),
    _marks.c.nonce == MARK,
    _marks.c.expires_at >= bindparam("expires_at_", type_=UtcDateTime),
)
_NEW = select(
    bindparam("channel_", type_=nonces.c.channel.type),
    bindparam("nonce_", type_=nonces.c.nonce.type),
    bindparam("expires_at_", type_=UtcDateTime),
    bindparam("bound_to_", type_=String(64)),
).where(~_FORGOTTEN.exists())
_COLUMNS = ["channel", "nonce", "expires_at", "bound_to"]
_BOUND_TO = select(nonces.c.bound_to).where(
    nonces.c.channel == bindparam("channel_"), nonces.c.nonce == bindparam("nonce_")
)


def use_nonce(
    tx: Connection, channel: str, nonce: str, expires_at: datetime, *, bound_to: str | None = None
) -> bool:
    """Mark a nonce as used; False when it was used before, or may have been.

    `expires_at` is when the request can no longer pass by its signed time. One that is `bound_to` something (64
    characters at most) may be used again for the very same, as a redelivery does.
    """
    values = {"channel_": channel, "nonce_": nonce, "expires_at_": expires_at, "bound_to_": bound_to}
    if _is_new(tx, values):
        return True
    return bound_to is not None and tx.execute(_BOUND_TO, values).scalar() == bound_to


def _is_new(tx: Connection, values: dict[str, Any]) -> bool:
    statement = _use_statement(tx.dialect.name)
    if statement is not None:
        return tx.execute(statement, values).first() is not None
    row = {name: values[f"{name}_"] for name in _COLUMNS}
    return tx.execute(_FORGOTTEN, values).first() is None and insert_once(tx, nonces, row)


@cache
def _use_statement(dialect: str) -> Any:
    """Return the statement that uses a nonce or does nothing; None for a dialect that has no such clause."""
    insert = own_insert(dialect)
    if insert is None:
        return None
    return insert(nonces).from_select(_COLUMNS, _NEW).on_conflict_do_nothing().returning(literal(1))


def delete_expired_nonces(tx: Connection, now: datetime, *, limit: int) -> int:
    """Forget the `limit` oldest nonces whose time is over; what others have locked is passed over. Return how many."""
    oldest = select(nonces.c.channel, nonces.c.nonce, nonces.c.expires_at)
    oldest = oldest.where(nonces.c.expires_at < now, nonces.c.nonce != MARK)
    oldest = oldest.order_by(nonces.c.expires_at).limit(limit)
    if supports_skip_locked(tx):
        oldest = oldest.with_for_update(skip_locked=True)
    used = defaultdict[str, list[tuple[str, datetime]]](list)
    for row in tx.execute(oldest):
        used[row.channel].append((row.nonce, row.expires_at))
    # One statement for each channel: given pairs, SQLite would read the whole table.
    return sum(_forget(tx, channel, used[channel]) for channel in sorted(used))


def _forget(tx: Connection, channel: str, used: Sequence[tuple[str, datetime]]) -> int:
    _move_mark(tx, channel, max(expires_at for _, expires_at in used))
    words = [nonce for nonce, _ in used]
    return tx.execute(nonces.delete().where(nonces.c.channel == channel, nonces.c.nonce.in_(words))).rowcount


def _move_mark(tx: Connection, channel: str, forgotten_until: datetime) -> None:
    mark = (nonces.c.channel == channel, nonces.c.nonce == MARK)
    moved = nonces.update().where(*mark, nonces.c.expires_at < forgotten_until)
    if tx.execute(moved.values(expires_at=forgotten_until)).rowcount == 0:
        insert_once(tx, nonces, {"channel": channel, "nonce": MARK, "expires_at": forgotten_until})
