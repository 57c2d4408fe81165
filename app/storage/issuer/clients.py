"""Clients that operators registered; those of the channels file stand there. Of a secret only the digest is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, String, Table, select

from app.core.exact_json import read_json, write_json
from app.storage.database.db import Blob, ExactText, UtcDateTime, insert_once, metadata

issuer_clients = Table(
    "issuer_clients",
    metadata,
    Column("client_id", ExactText(64), primary_key=True),
    Column("title", ExactText(100), nullable=False),
    Column("secret_digest", String(64)),
    # What else a [[clients]] table may hold, as JSON.
    Column("keys", Blob, nullable=False),
    Column("created_by", ExactText(191), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class StoredClient:
    """A registered client; a public one has no `secret_digest`."""

    client_id: str
    title: str
    secret_digest: str | None
    keys: Mapping[str, Any]
    created_by: str
    created_at: datetime


def insert_client(tx: Connection, new: StoredClient) -> bool:
    """Add a client; False when the id is taken."""
    values = {name: getattr(new, name) for name in StoredClient.__slots__}
    return insert_once(tx, issuer_clients, values | {"keys": write_json(dict(new.keys))})


def find_client_row(tx: Connection, client_id: str) -> StoredClient | None:
    """Return a registered client."""
    row = tx.execute(select(issuer_clients).where(issuer_clients.c.client_id == client_id)).one_or_none()
    return None if row is None else _client(row)


def list_client_rows(tx: Connection, *, limit: int) -> Sequence[StoredClient]:
    """Return registered clients, newest first."""
    query = select(issuer_clients).order_by(issuer_clients.c.created_at.desc()).limit(limit)
    return [_client(row) for row in tx.execute(query)]


def delete_client_row(tx: Connection, client_id: str) -> bool:
    """Remove a registered client; False when there is none."""
    return tx.execute(issuer_clients.delete().where(issuer_clients.c.client_id == client_id)).rowcount == 1


def _client(row: Row[Any]) -> StoredClient:
    keys = read_json(bytes(row.keys))
    return StoredClient(row.client_id, row.title, row.secret_digest, keys, row.created_by, row.created_at)
