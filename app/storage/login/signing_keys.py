"""Signing keys: sealed private keys of the session tokens and their public halves; exactly one signs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, Row, Table, UniqueConstraint, or_, select

from app.storage.database.db import Blob, ExactText, UtcDateTime, insert_once, metadata

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", ExactText(64), primary_key=True),
    # 1 for the key that signs, null for all others: the constraint keeps two processes from making two first keys.
    Column("active", Integer),
    Column("private_key", Blob, nullable=False),
    Column("public_jwk", Blob, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("retired_at", UtcDateTime),
    UniqueConstraint("active"),
)


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """One key pair; `private_key` is sealed."""

    kid: str
    private_key: bytes
    public_jwk: dict[str, str]
    created_at: datetime
    retired_at: datetime | None = None


def insert_active_key(tx: Connection, key: SigningKey) -> bool:
    """Add the key that signs; False when there is one already."""
    values = {
        "kid": key.kid,
        "active": 1,
        "private_key": key.private_key,
        "public_jwk": json.dumps(key.public_jwk).encode(),
        "created_at": key.created_at,
    }
    return insert_once(tx, signing_keys, values)


def find_active_key(tx: Connection) -> SigningKey | None:
    """Return the key that signs."""
    row = tx.execute(select(signing_keys).where(signing_keys.c.active == 1)).one_or_none()
    return None if row is None else _key(row)


def retire_active_key(tx: Connection, now: datetime) -> None:
    """Let the key that signs stop signing; what it signed stays good until it expires."""
    tx.execute(signing_keys.update().where(signing_keys.c.active == 1).values(active=None, retired_at=now))


def find_key(tx: Connection, kid: str, *, retired_after: datetime) -> SigningKey | None:
    """Return a key that signs or was retired after that time."""
    query = select(signing_keys).where(signing_keys.c.kid == kid, _still_good(retired_after))
    row = tx.execute(query).one_or_none()
    return None if row is None else _key(row)


def list_keys(tx: Connection, *, retired_after: datetime) -> Sequence[SigningKey]:
    """Return the key that signs and those retired after that time, newest first."""
    query = select(signing_keys).where(_still_good(retired_after)).order_by(signing_keys.c.created_at.desc())
    return [_key(row) for row in tx.execute(query)]


def delete_keys(tx: Connection, *, retired_before: datetime) -> int:
    """Remove keys whose tokens have all expired; return how many."""
    return tx.execute(signing_keys.delete().where(signing_keys.c.retired_at < retired_before)).rowcount


def list_sealed_keys(tx: Connection) -> Sequence[tuple[str, bytes]]:
    """Return ids and sealed private keys, for key rotation; there are only ever a few."""
    rows = tx.execute(select(signing_keys.c.kid, signing_keys.c.private_key))
    return [(row.kid, bytes(row.private_key)) for row in rows]


def replace_private_key(tx: Connection, kid: str, private_key: bytes) -> None:
    """Write the same private key sealed anew."""
    tx.execute(signing_keys.update().where(signing_keys.c.kid == kid).values(private_key=private_key))


def _still_good(retired_after: datetime) -> Any:
    return or_(signing_keys.c.active == 1, signing_keys.c.retired_at > retired_after)


def _key(row: Row[Any]) -> SigningKey:
    jwk = json.loads(bytes(row.public_jwk))
    return SigningKey(row.kid, bytes(row.private_key), jwk, row.created_at, row.retired_at)
