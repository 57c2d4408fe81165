"""Sessions: one row per login. A session token is good only while its row says so, on every process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, Row, String, Table, select

from app.storage.database.db import UtcDateTime, metadata

sessions = Table(
    "sessions",
    metadata,
    Column("sid", String(32), primary_key=True),
    Column("user_id", String(32), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("identity_id", String(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_sessions_user_id", "user_id"),
    Index("ix_sessions_expires_at", "expires_at"),
)


@dataclass(frozen=True, slots=True)
class Session:
    """One login of one user through one identity; `expires_at` is the end that no renewal moves."""

    sid: str
    user_id: str
    identity_id: str
    created_at: datetime
    expires_at: datetime


def insert_session(tx: Connection, session: Session) -> None:
    """Add a session."""
    tx.execute(
        sessions.insert().values(
            sid=session.sid,
            user_id=session.user_id,
            identity_id=session.identity_id,
            created_at=session.created_at,
            last_seen_at=session.created_at,
            expires_at=session.expires_at,
        )
    )


def find_live_session(tx: Connection, sid: str, now: datetime) -> Session | None:
    """Return a session that has neither ended nor expired (one look-up by primary key)."""
    row = tx.execute(
        select(sessions).where(
            sessions.c.sid == sid, sessions.c.ended_at.is_(None), sessions.c.expires_at > now
        )
    ).one_or_none()
    return None if row is None else _session(row)


def touch_session(tx: Connection, sid: str, now: datetime) -> bool:
    """Note that a session is in use; False when it has ended meanwhile."""
    done = tx.execute(
        sessions.update()
        .where(sessions.c.sid == sid, sessions.c.ended_at.is_(None), sessions.c.expires_at > now)
        .values(last_seen_at=now)
    )
    return done.rowcount == 1


def end_session(tx: Connection, sid: str, now: datetime) -> bool:
    """End a session; False when it had ended already."""
    done = tx.execute(
        sessions.update().where(sessions.c.sid == sid, sessions.c.ended_at.is_(None)).values(ended_at=now)
    )
    return done.rowcount == 1


def has_live_session(tx: Connection, user_id: str, now: datetime) -> bool:
    """Say whether a user is still logged in anywhere (relies on ix_sessions_user_id)."""
    query = select(sessions.c.sid).where(
        sessions.c.user_id == user_id, sessions.c.ended_at.is_(None), sessions.c.expires_at > now
    )
    return tx.execute(query.limit(1)).one_or_none() is not None


def end_sessions_of_identity(
    tx: Connection, user_id: str, identity_id: str, *, except_sid: str, now: datetime
) -> list[str]:
    """End a user's sessions that were opened through one identity, but for one; return which those were."""
    query = select(sessions.c.sid).where(
        sessions.c.user_id == user_id,
        sessions.c.identity_id == identity_id,
        sessions.c.sid != except_sid,
        sessions.c.ended_at.is_(None),
    )
    return [sid for sid in tx.execute(query).scalars().all() if end_session(tx, sid, now)]


def end_sessions_of_user(tx: Connection, user_id: str, *, except_sid: str = "", now: datetime) -> int:
    """End a user's living sessions, but for one where it is named; return how many."""
    return tx.execute(
        sessions.update()
        .where(
            sessions.c.user_id == user_id,
            sessions.c.sid != except_sid,
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > now,
        )
        .values(ended_at=now)
    ).rowcount


def list_sessions_of_user(tx: Connection, user_id: str, *, limit: int) -> Sequence[Row[Any]]:
    """Return a user's sessions with when they were used last, newest first (relies on ix_sessions_user_id)."""
    query = select(sessions).where(sessions.c.user_id == user_id)
    return tx.execute(query.order_by(sessions.c.created_at.desc(), sessions.c.sid).limit(limit)).all()


def move_session(tx: Connection, sid: str, identity_id: str) -> None:
    """Let a session stand for another identity of the same user."""
    tx.execute(sessions.update().where(sessions.c.sid == sid).values(identity_id=identity_id))


def delete_sessions(tx: Connection, expired_before: datetime) -> int:
    """Forget sessions whose last possible moment lies before that time; return how many."""
    return tx.execute(sessions.delete().where(sessions.c.expires_at < expired_before)).rowcount


def _session(row: Row[Any]) -> Session:
    return Session(row.sid, row.user_id, row.identity_id, row.created_at, row.expires_at)
