"""API tokens that are kept here: their digest, never their text; what they may do; when they were used last.

A token that was revoked stays as a row, so that the audit's names keep a meaning. Tokens of the environment and of the
channels file have no rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Row, String, Table, or_, select

from app.core.storable import storable
from app.storage.database.db import Blob, ExactText, UtcDateTime, insert_once, metadata

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", ExactText(64), nullable=False),
    Column("prefix", ExactText(16), nullable=False),
    Column("digest", ExactText(64), nullable=False),
    Column("limits", Blob, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Index("ix_api_tokens_digest", "digest", unique=True),
    Index("ix_api_tokens_name", "name"),
)


@dataclass(frozen=True, slots=True, repr=False)
class StoredToken:
    """One token without its text; `limits` are its scopes, channels, paths and rate."""

    id: str
    name: str
    prefix: str
    digest: str
    limits: Mapping[str, Any]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def works(self, now: datetime) -> bool:
        """Say whether it may be used."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def add_api_token(tx: Connection, token: StoredToken) -> bool:
    """Add a token; False when its digest is there already."""
    return insert_once(
        tx,
        api_tokens,
        {
            "id": token.id,
            "name": storable(token.name, 64),
            "prefix": token.prefix,
            "digest": token.digest,
            "limits": json.dumps(dict(token.limits)).encode(),
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        },
    )


def find_api_token_by_digest(tx: Connection, digest: str) -> StoredToken | None:
    """Return the token of a digest, in whatever state it is (relies on ix_api_tokens_digest)."""
    return _stored(tx.execute(select(api_tokens).where(api_tokens.c.digest == digest)).one_or_none())


def find_api_token(tx: Connection, token_id: str) -> StoredToken | None:
    """Return one token, in whatever state it is."""
    return _stored(tx.execute(select(api_tokens).where(api_tokens.c.id == token_id)).one_or_none())


def list_api_tokens(tx: Connection, *, limit: int) -> Sequence[StoredToken]:
    """Return tokens, newest first."""
    rows = tx.execute(select(api_tokens).order_by(api_tokens.c.id.desc()).limit(limit))
    return [token for row in rows if (token := _stored(row)) is not None]


def has_living_api_token(tx: Connection, name: str, now: datetime) -> bool:
    """Say whether a token of that name works (relies on ix_api_tokens_name)."""
    rows = tx.execute(select(api_tokens).where(api_tokens.c.name == name))
    return any(token.works(now) for row in rows if (token := _stored(row)) is not None)


def note_use(tx: Connection, token_id: str, *, now: datetime, unless_since: datetime) -> bool:
    """Write when a token was used, unless that was written since a time."""
    is_old = or_(api_tokens.c.last_used_at.is_(None), api_tokens.c.last_used_at <= unless_since)
    change = api_tokens.update().where(api_tokens.c.id == token_id, is_old).values(last_used_at=now)
    return bool(tx.execute(change).rowcount)


def revoke_api_token(tx: Connection, token_id: str, now: datetime) -> bool:
    """End a token; False when there is none of that id, or it has ended."""
    living = (api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
    return bool(tx.execute(api_tokens.update().where(*living).values(revoked_at=now)).rowcount)


def _stored(row: Row[Any] | None) -> StoredToken | None:
    if row is None:
        return None
    return StoredToken(**{**row._mapping, "limits": json.loads(bytes(row.limits))})
