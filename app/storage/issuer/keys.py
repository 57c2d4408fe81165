"""Issuer keys: sealed private keys of ID and access tokens, one that signs for each algorithm. Sessions have keys of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, String, Table, UniqueConstraint, or_, select

from app.storage.database.db import Blob, ExactText, UtcDateTime, insert_once, metadata

issuer_keys = Table(
    "issuer_keys",
    metadata,
    Column("kid", ExactText(64), primary_key=True),
    # The algorithm while it signs, null afterwards: the constraint keeps two processes from making two first keys.
    Column("signs", String(16)),
    Column("alg", String(16), nullable=False),
    Column("private_key", Blob, nullable=False),
    Column("public_jwk", Blob, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("retired_at", UtcDateTime),
    UniqueConstraint("signs"),
)


@dataclass(frozen=True, slots=True, repr=False)
class IssuerKey:
    """One key pair; `private_key` is sealed."""

    kid: str
    alg: str
    private_key: bytes
    public_jwk: dict[str, str]
    created_at: datetime
    retired_at: datetime | None = None


def issuer_key_place(kid: str) -> str:
    """Return the place a private key is sealed for."""
    return f"issuer_keys/{kid}/private_key"


def insert_issuer_key(tx: Connection, key: IssuerKey) -> bool:
    """Add the key that signs for its algorithm; False when there is one already."""
    values = {
        "kid": key.kid,
        "signs": key.alg,
        "alg": key.alg,
        "private_key": key.private_key,
        "public_jwk": json.dumps(key.public_jwk).encode(),
        "created_at": key.created_at,
    }
    return insert_once(tx, issuer_keys, values)


def find_signing_key(tx: Connection, alg: str) -> IssuerKey | None:
    """Return the key that signs for an algorithm."""
    row = tx.execute(select(issuer_keys).where(issuer_keys.c.signs == alg)).one_or_none()
    return None if row is None else _key(row)


def retire_issuer_keys(tx: Connection, now: datetime) -> int:
    """Let the keys that sign stop signing; what they signed stays good. Return how many."""
    signing = issuer_keys.update().where(issuer_keys.c.signs.is_not(None))
    return tx.execute(signing.values(signs=None, retired_at=now)).rowcount


def list_issuer_keys(tx: Connection, *, retired_after: datetime) -> Sequence[IssuerKey]:
    """Return the keys that sign and those retired after a time, newest first."""
    query = select(issuer_keys).where(
        or_(issuer_keys.c.signs.is_not(None), issuer_keys.c.retired_at > retired_after)
    )
    return [_key(row) for row in tx.execute(query.order_by(issuer_keys.c.created_at.desc()))]


def delete_issuer_keys(tx: Connection, *, retired_before: datetime) -> int:
    """Remove keys whose tokens have all expired; return how many."""
    return tx.execute(issuer_keys.delete().where(issuer_keys.c.retired_at < retired_before)).rowcount


def list_sealed_issuer_keys(tx: Connection) -> Sequence[tuple[str, bytes]]:
    """Return ids and sealed private keys, for key rotation; there are only ever a few."""
    rows = tx.execute(select(issuer_keys.c.kid, issuer_keys.c.private_key))
    return [(row.kid, bytes(row.private_key)) for row in rows]


def replace_issuer_key(tx: Connection, kid: str, private_key: bytes) -> None:
    """Write the same private key sealed anew."""
    tx.execute(issuer_keys.update().where(issuer_keys.c.kid == kid).values(private_key=private_key))


def _key(row: Row[Any]) -> IssuerKey:
    jwk = json.loads(bytes(row.public_jwk))
    return IssuerKey(row.kid, row.alg, bytes(row.private_key), jwk, row.created_at, row.retired_at)
