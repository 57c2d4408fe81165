"""Console sessions: one row for each sign-in, found by the digest of a random word that only the browser has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Row, String, Table, select

from app.core.storable import storable
from app.storage.database.db import ExactText, UtcDateTime, metadata

console_sessions = Table(
    "console_sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    # "password" and a person's name, or "platform" and an identity's id.
    Column("kind", String(16), nullable=False),
    Column("who", ExactText(64), nullable=False),
    # What the sign-in was proven with, as a digest: a session ends when that is no longer the same.
    Column("proof", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("remote_addr", String(64), nullable=False),
    Column("agent", ExactText(255), nullable=False),
    Index("ix_console_sessions_who", "kind", "who"),
    Index("ix_console_sessions_expires_at", "expires_at"),
)


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """One sign-in; `expires_at` is the end that no use moves."""

    id: str
    digest: str
    kind: str
    who: str
    proof: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    remote_addr: str
    agent: str


def insert_console_session(tx: Connection, new: ConsoleSession) -> None:
    """Add a session."""
    values = {name: getattr(new, name) for name in ConsoleSession.__slots__}
    shown = {"remote_addr": storable(new.remote_addr, 64), "agent": storable(new.agent, 255)}
    tx.execute(console_sessions.insert().values(**values | shown))


def find_console_session(
    tx: Connection, digest: str, *, now: datetime, seen_after: datetime
) -> ConsoleSession | None:
    """Return a session that has not expired and was used after a time."""
    row = tx.execute(
        select(console_sessions).where(
            console_sessions.c.digest == digest,
            console_sessions.c.expires_at > now,
            console_sessions.c.last_seen_at > seen_after,
        )
    ).one_or_none()
    return None if row is None else _session(row)


def list_console_sessions(
    tx: Connection, *, now: datetime, seen_after: datetime, limit: int
) -> Sequence[ConsoleSession]:
    """Return sessions that are good, the one used last first. There are few."""
    query = select(console_sessions).where(
        console_sessions.c.expires_at > now, console_sessions.c.last_seen_at > seen_after
    )
    return [
        _session(row)
        for row in tx.execute(query.order_by(console_sessions.c.last_seen_at.desc()).limit(limit))
    ]


def touch_console_session(tx: Connection, session_id: str, now: datetime) -> None:
    """Note that a session is in use."""
    tx.execute(console_sessions.update().where(console_sessions.c.id == session_id).values(last_seen_at=now))


def delete_console_session(tx: Connection, session_id: str) -> bool:
    """End a session; False when there is none of that id."""
    return tx.execute(console_sessions.delete().where(console_sessions.c.id == session_id)).rowcount == 1


def delete_console_sessions_of(tx: Connection, kind: str, who: str, *, except_id: str = "") -> int:
    """End the sessions of somebody, but for one where it is named; return how many."""
    return tx.execute(
        console_sessions.delete().where(
            console_sessions.c.kind == kind,
            console_sessions.c.who == who,
            console_sessions.c.id != except_id,
        )
    ).rowcount


def delete_old_console_sessions(tx: Connection, expired_before: datetime) -> int:
    """Forget sessions that expired before a time; return how many."""
    old = console_sessions.delete().where(console_sessions.c.expires_at < expired_before)
    return tx.execute(old).rowcount


def _session(row: Row[Any]) -> ConsoleSession:
    return ConsoleSession(**{name: getattr(row, name) for name in ConsoleSession.__slots__})
