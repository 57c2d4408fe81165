"""Console people: who signs in to the console with a name and a password of their own. Only a slow hash of it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, String, Table, select

from app.core.roles import Role
from app.storage.database.db import ExactText, UtcDateTime, insert_once, metadata

console_people = Table(
    "console_people",
    metadata,
    Column("name", ExactText(64), primary_key=True),
    Column("password_hash", String(255), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class ConsolePerson:
    """Somebody with a password; `changed_at` is when password or role changed last."""

    name: str
    password_hash: str
    role: Role
    created_at: datetime
    changed_at: datetime


def insert_console_person(tx: Connection, new: ConsolePerson) -> bool:
    """Add somebody; False when the name is taken."""
    values = {name: getattr(new, name) for name in ConsolePerson.__slots__} | {"role": new.role.value}
    return insert_once(tx, console_people, values)


def find_console_person(tx: Connection, name: str) -> ConsolePerson | None:
    """Return somebody by name."""
    row = tx.execute(select(console_people).where(console_people.c.name == name)).one_or_none()
    return None if row is None else _person(row)


def list_console_people(tx: Connection, *, limit: int) -> Sequence[ConsolePerson]:
    """Return people by name."""
    rows = tx.execute(select(console_people).order_by(console_people.c.name).limit(limit))
    return [_person(row) for row in rows]


def update_console_person(tx: Connection, name: str, now: datetime, **values: Any) -> bool:
    """Change somebody's password_hash or role; False when there is nobody of that name."""
    change = console_people.update().where(console_people.c.name == name).values(changed_at=now, **values)
    return tx.execute(change).rowcount == 1


def delete_console_person(tx: Connection, name: str) -> bool:
    """Remove somebody; False when there is nobody of that name."""
    return tx.execute(console_people.delete().where(console_people.c.name == name)).rowcount == 1


def _person(row: Row[Any]) -> ConsolePerson:
    return ConsolePerson(row.name, row.password_hash, Role(row.role), row.created_at, row.changed_at)
