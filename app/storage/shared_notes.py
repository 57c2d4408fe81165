"""Notes that all processes share, one by each name: what the serving ones run, and that somebody wants them replaced."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Column, Connection, Table, select

from app.core.storable import storable
from app.storage.database.db import Blob, ExactText, UtcDateTime, insert_once, metadata

KEPT_FOR = timedelta(days=1)

shared_notes = Table(
    "shared_notes",
    metadata,
    Column("name", ExactText(64), primary_key=True),
    Column("actor", ExactText(191), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("content", Blob),
)


class Note(NamedTuple):
    """What was noted last under a name."""

    name: str
    actor: str
    at: datetime
    content: bytes = b""


def write_note(tx: Connection, note: Note) -> None:
    """Write a note over the one before of its name."""
    values = note._asdict() | {"actor": storable(note.actor, 191)}
    own = shared_notes.c.name == note.name
    if tx.execute(shared_notes.update().where(own).values(**values)).rowcount == 0:
        # insert_once: another process may be first.
        insert_once(tx, shared_notes, values)


def find_note(tx: Connection, name: str) -> Note | None:
    """Return the last note of a name."""
    row = tx.execute(select(shared_notes).where(shared_notes.c.name == name)).one_or_none()
    return None if row is None else Note(row.name, row.actor, row.at, bytes(row.content or b""))


def claim_note(tx: Connection, note: Note) -> bool:
    """Write a note if there is none of its name that is as new; True for the one process that wrote it.

    Notes whose names begin alike, up to the first colon, and that are a day older go.
    """
    values = note._asdict() | {"actor": storable(note.actor, 191)}
    older = (shared_notes.c.name == note.name, shared_notes.c.at < note.at)
    is_first = tx.execute(shared_notes.update().where(*older).values(**values)).rowcount == 1
    is_first = is_first or insert_once(tx, shared_notes, values)
    start = note.name.partition(":")[0] + ":"
    old = (shared_notes.c.name.startswith(start, autoescape=True), shared_notes.c.at < note.at - KEPT_FOR)
    tx.execute(shared_notes.delete().where(*old))
    return is_first
