"""Nonces that signed requests have used up, kept until their timestamp can no longer pass."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Column, Connection, Index, Table, select

from app.storage.database.db import ExactText, UtcDateTime, insert_once, metadata, supports_skip_locked

nonces = Table(
    "nonces",
    metadata,
    Column("channel", ExactText(64), primary_key=True),
    Column("nonce", ExactText(128), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("ix_nonces_expires_at", "expires_at"),
)


def use_nonce(tx: Connection, channel: str, nonce: str, expires_at: datetime) -> bool:
    """Mark a nonce as used; False when it was used before."""
    return insert_once(tx, nonces, {"channel": channel, "nonce": nonce, "expires_at": expires_at})


def delete_expired_nonces(tx: Connection, now: datetime, *, limit: int) -> int:
    """Forget the `limit` oldest nonces whose time is over; what others have locked is passed over. Return how many."""
    oldest = select(nonces.c.channel, nonces.c.nonce).where(nonces.c.expires_at < now)
    oldest = oldest.order_by(nonces.c.expires_at).limit(limit)
    if supports_skip_locked(tx):
        oldest = oldest.with_for_update(skip_locked=True)
    used = defaultdict[str, list[str]](list)
    for row in tx.execute(oldest):
        used[row.channel].append(row.nonce)
    # One statement for each channel: given pairs, SQLite would read the whole table.
    return sum(
        tx.execute(nonces.delete().where(nonces.c.channel == channel, nonces.c.nonce.in_(words))).rowcount
        for channel, words in used.items()
    )
