"""Users: the people behind identities. A user is only a number; what is known about them is on their identities."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, String, Table, select

from app.storage.database.db import UtcDateTime, metadata

users = Table(
    "users",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    # Since when an operator lets them log in no more; null for everybody else.
    Column("disabled_at", UtcDateTime),
)


def insert_user(tx: Connection, user_id: str, now: datetime) -> None:
    """Add a user."""
    tx.execute(users.insert().values(id=user_id, created_at=now))


def delete_user(tx: Connection, user_id: str) -> None:
    """Remove a user that turned out not to be needed; their identities must be gone or elsewhere."""
    tx.execute(users.delete().where(users.c.id == user_id))


def wait_for_word(tx: Connection, word: str, now: datetime) -> None:
    """Have transactions with the same word (32 characters at most) queue up until the one before them has ended.

    A row with that key is inserted and taken away again: the next insert of the key waits for this transaction, and no
    other one ever sees the row. A row lock would need a row that is there before anybody's first login.
    """
    insert_user(tx, word, now)
    delete_user(tx, word)


def find_user(tx: Connection, user_id: str) -> Row[Any] | None:
    """Return one user."""
    return tx.execute(select(users).where(users.c.id == user_id)).one_or_none()


def lock_user(tx: Connection, user_id: str) -> bool:
    """Hold the user's row until the transaction ends, so that two changes to their identities queue up.

    Return whether the user exists. SQLite needs no row lock: a writing transaction is alone there.
    """
    query = select(users.c.id).where(users.c.id == user_id).with_for_update()
    return tx.execute(query).one_or_none() is not None


def lock_enabled_user(tx: Connection, user_id: str) -> bool:
    """Hold the user's row as lock_user does; say whether they exist and may log in."""
    query = select(users.c.disabled_at).where(users.c.id == user_id).with_for_update()
    row = tx.execute(query).one_or_none()
    return row is not None and row.disabled_at is None


def set_disabled(tx: Connection, user_id: str, since: datetime | None) -> None:
    """Note since when a user may log in no more, None that they may."""
    tx.execute(users.update().where(users.c.id == user_id).values(disabled_at=since))


def find_disabled(tx: Connection, user_ids: Collection[str]) -> dict[str, datetime]:
    """Return which of these users may log in no more, and since when."""
    query = select(users.c.id, users.c.disabled_at).where(
        users.c.id.in_(user_ids), users.c.disabled_at.is_not(None)
    )
    return {row.id: row.disabled_at for row in tx.execute(query)}
