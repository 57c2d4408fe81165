"""Identities: people as a platform knows them, unique on (issuer, subject kind, subject) byte by byte.

The union id is recorded beside the key and never merges two identities; neither does an e-mail address.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, Row, String, Table, UniqueConstraint, select

from app.core.values import Identity
from app.storage.database.db import Blob, ExactText, UtcDateTime, insert_once, metadata

MAX_ISSUER = 191
MAX_SUBJECT_KIND = 32
MAX_SUBJECT = 255
MAX_NAME = 255
MAX_AVATAR_URL = 1000

identities = Table(
    "identities",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", String(32), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    # The channel of the latest login; its connector refreshes the tokens.
    Column("channel", ExactText(64), nullable=False),
    Column("issuer", ExactText(MAX_ISSUER), nullable=False),
    Column("subject_kind", ExactText(MAX_SUBJECT_KIND), nullable=False),
    Column("subject", ExactText(MAX_SUBJECT), nullable=False),
    Column("union_id", ExactText(MAX_SUBJECT)),
    Column("name", ExactText(MAX_NAME)),
    Column("avatar_url", ExactText(MAX_AVATAR_URL)),
    Column("profile", Blob, nullable=False),
    Column("first_login_at", UtcDateTime, nullable=False),
    Column("last_login_at", UtcDateTime, nullable=False),
    UniqueConstraint("issuer", "subject_kind", "subject"),
    Index("ix_identities_user_id", "user_id"),
    Index("ix_identities_union_id", "union_id"),
    Index("ix_identities_channel", "channel", "last_login_at"),
)


@dataclass(frozen=True, slots=True)
class StoredIdentity:
    """One identity with the user it belongs to."""

    id: str
    user_id: str
    channel: str
    known: Identity
    first_login_at: datetime
    last_login_at: datetime


def last_login_on(tx: Connection, channel: str) -> datetime | None:
    """Return when somebody logged in on a channel last, None where nobody did (relies on ix_identities_channel)."""
    own = select(identities.c.last_login_at).where(identities.c.channel == channel)
    return tx.execute(own.order_by(identities.c.last_login_at.desc()).limit(1)).scalar_one_or_none()


def insert_identity_once(tx: Connection, new: StoredIdentity) -> bool:
    """Add an identity unless that person is known already; return whether it was added."""
    return insert_once(
        tx,
        identities,
        {
            "id": new.id,
            "user_id": new.user_id,
            "issuer": new.known.issuer,
            "subject_kind": new.known.subject_kind,
            "subject": new.known.subject,
            "first_login_at": new.first_login_at,
            "last_login_at": new.last_login_at,
            "channel": new.channel,
            **_shown(new.known),
        },
    )


def find_identity_of(tx: Connection, known: Identity) -> StoredIdentity | None:
    """Return what is stored about a person (relies on the unique constraint)."""
    row = tx.execute(
        select(identities).where(
            identities.c.issuer == known.issuer,
            identities.c.subject_kind == known.subject_kind,
            identities.c.subject == known.subject,
        )
    ).one_or_none()
    return None if row is None else _stored(row)


def find_user_of_union(tx: Connection, union_id: str, channels: Sequence[str]) -> str | None:
    """Return the user who was first known by a union id on one of these channels (relies on ix_identities_union_id)."""
    query = (
        select(identities.c.user_id)
        .where(identities.c.union_id == union_id, identities.c.channel.in_(channels))
        .order_by(identities.c.first_login_at, identities.c.id)
        .limit(1)
    )
    found = tx.execute(query).scalar_one_or_none()
    return None if found is None else str(found)


def find_identity(tx: Connection, identity_id: str) -> StoredIdentity | None:
    """Return one identity."""
    row = tx.execute(select(identities).where(identities.c.id == identity_id)).one_or_none()
    return None if row is None else _stored(row)


def list_identities_of_user(tx: Connection, user_id: str) -> Sequence[StoredIdentity]:
    """Return a user's identities, oldest first (relies on ix_identities_user_id)."""
    query = (
        select(identities)
        .where(identities.c.user_id == user_id)
        .order_by(identities.c.first_login_at, identities.c.id)
    )
    return [_stored(row) for row in tx.execute(query)]


def list_identities(tx: Connection, *, before: str | None, limit: int) -> Sequence[StoredIdentity]:
    """Return identities, newest first, with ids below `before`."""
    query = select(identities)
    if before is not None:
        query = query.where(identities.c.id < before)
    return [_stored(row) for row in tx.execute(query.order_by(identities.c.id.desc()).limit(limit))]


def record_login(tx: Connection, identity_id: str, channel: str, known: Identity, now: datetime) -> None:
    """Write what the platform says now, and that the person has just logged in through this channel."""
    values = {"channel": channel, "last_login_at": now, **_shown(known)}
    tx.execute(identities.update().where(identities.c.id == identity_id).values(values))


def update_profile(tx: Connection, identity_id: str, known: Identity) -> None:
    """Write what the platform says now."""
    tx.execute(identities.update().where(identities.c.id == identity_id).values(_shown(known)))


def delete_identity(tx: Connection, identity_id: str) -> None:
    """Remove an identity; its connection goes with it."""
    tx.execute(identities.delete().where(identities.c.id == identity_id))


def _shown(known: Identity) -> dict[str, Any]:
    # The standard library's JSON keeps integers of any size, which ids in profiles can be.
    return {
        "union_id": known.union_id,
        "name": known.name,
        "avatar_url": known.avatar_url,
        "profile": json.dumps(dict(known.profile)).encode(),
    }


def _stored(row: Row[Any]) -> StoredIdentity:
    known = Identity(
        issuer=row.issuer,
        subject_kind=row.subject_kind,
        subject=row.subject,
        name=row.name,
        avatar_url=row.avatar_url,
        union_id=row.union_id,
        profile=json.loads(bytes(row.profile)),
    )
    return StoredIdentity(row.id, row.user_id, row.channel, known, row.first_login_at, row.last_login_at)
