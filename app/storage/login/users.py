"""Users: the people behind identities. A user is only a number; what is known about them is on their identities."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, select

from app.storage.database.db import UtcDateTime, metadata

users = Table(
    "users",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
)


def insert_user(tx: Connection, user_id: str, now: datetime) -> None:
    """Add a user."""
    tx.execute(users.insert().values(id=user_id, created_at=now))


def delete_user(tx: Connection, user_id: str) -> None:
    """Remove a user that turned out not to be needed; their identities must be gone or elsewhere."""
    tx.execute(users.delete().where(users.c.id == user_id))


def lock_user(tx: Connection, user_id: str) -> bool:
    """Hold the user's row until the transaction ends, so that two changes to their identities queue up.

    Return whether the user exists. SQLite needs no row lock: a writing transaction is alone there.
    """
    query = select(users.c.id).where(users.c.id == user_id).with_for_update()
    return tx.execute(query).one_or_none() is not None
