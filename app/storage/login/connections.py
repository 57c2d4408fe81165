"""Connections: an identity's sealed tokens, with the lease and the version that keep refreshing single.

The version changes with every new set of tokens. Whoever writes names the version it read; if that is no longer
the stored one, newer tokens are there and the write does nothing. A deleted row is never brought back by an update.
Refreshed tokens are stored on their version alone, also when the lease was taken over meanwhile: a platform that lets a
refresh token be used once refuses the new holder, and the late one brought the only tokens there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Integer, Row, String, Table, and_, or_, select

from app.storage.database.db import Blob, ExactText, UtcDateTime, insert_once, metadata
from app.storage.database.fetch_leases import NO_LEASE, FetchLease, is_held, take_fetch_lease

MAX_SCOPE = 1000
SEALED_COLUMNS = ("access_token", "refresh_token", "extra")

connections = Table(
    "connections",
    metadata,
    Column("identity_id", String(32), ForeignKey("identities.id", ondelete="CASCADE"), primary_key=True),
    Column("access_token", Blob, nullable=False),
    Column("refresh_token", Blob),
    Column("extra", Blob),
    Column("scope", ExactText(MAX_SCOPE)),
    Column("token_type", ExactText(32), nullable=False),
    Column("expires_at", UtcDateTime),
    Column("refresh_expires_at", UtcDateTime),
    # Not before this time is the token refreshed again: half a life after a success, a back-off after a failure.
    Column("refresh_after", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("lease_owner", String(32)),
    Column("lease_until", UtcDateTime),
    Column("dead_reason", String(64)),
    Column("updated_at", UtcDateTime, nullable=False),
    # Forced refreshes in a row whose tokens were refused too, and from when on the next one may be tried.
    Column("useless_cures", Integer),
    Column("force_after", UtcDateTime),
    # From when on the provider is asked whether the token is still good; null: at the next use.
    Column("validate_after", UtcDateTime),
)


@dataclass(frozen=True, slots=True, repr=False)
class SealedTokens:
    """Tokens as they are stored."""

    access_token: bytes
    refresh_token: bytes | None
    extra: bytes | None
    scope: str | None
    token_type: str
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    refresh_after: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class StoredConnection:
    """One connection and where it stands."""

    identity_id: str
    tokens: SealedTokens
    failures: int
    version: int
    lease_until: datetime | None
    dead_reason: str | None
    useless_cures: int | None = None
    force_after: datetime | None = None
    validate_after: datetime | None = None


def save_new_tokens(tx: Connection, identity_id: str, tokens: SealedTokens, now: datetime) -> None:
    """Store the tokens of a fresh login; they beat whatever was there, also a refresh that is under way."""
    fresh = _token_values(tokens) | {"updated_at": now, "useless_cures": None, "force_after": None}
    if insert_once(tx, connections, fresh | {"identity_id": identity_id, "version": 1}):
        return
    tx.execute(
        connections.update()
        .where(connections.c.identity_id == identity_id)
        .values(**fresh, version=connections.c.version + 1)
    )


def find_connection(tx: Connection, identity_id: str) -> StoredConnection | None:
    """Return an identity's connection."""
    query = select(connections).where(connections.c.identity_id == identity_id)
    row = tx.execute(query).one_or_none()
    return None if row is None else _connection(row)


def take_refresh_lease(
    tx: Connection, seen: StoredConnection, lease: FetchLease, *, now: datetime, until: datetime
) -> bool:
    """Take the right to refresh a connection as it was seen.

    False while somebody else holds it, when newer tokens are there, or when a refresh has failed since: its back-off
    is not known to whoever looked before.
    """
    unchanged = and_(
        connections.c.identity_id == seen.identity_id,
        connections.c.failures == seen.failures,
        connections.c.dead_reason.is_(None),
    )
    return take_fetch_lease(tx, connections, unchanged, lease, now=now, until=until)


def replace_tokens(
    tx: Connection, identity_id: str, *, version: int, tokens: SealedTokens, now: datetime
) -> bool:
    """Write refreshed tokens over that version; False when newer ones are there or the connection is gone."""
    done = tx.execute(
        connections.update()
        .where(connections.c.identity_id == identity_id, connections.c.version == version)
        .values(**_token_values(tokens), version=version + 1, updated_at=now)
    )
    return done.rowcount == 1


def give_up_refresh(tx: Connection, identity_id: str, lease: FetchLease, *, refresh_after: datetime) -> None:
    """End a lease after a failed refresh: the tokens stay, and the next try waits."""
    tx.execute(
        connections.update()
        .where(connections.c.identity_id == identity_id, is_held(connections, lease))
        .values(refresh_after=refresh_after, failures=connections.c.failures + 1, **NO_LEASE)
    )


def note_useless_cure(
    tx: Connection, seen: StoredConnection, *, now: datetime, count: int, force_after: datetime | None
) -> bool:
    """Write that a forced refresh did not help; False when somebody has written it already, or newer tokens are there."""
    is_unknown = or_(connections.c.force_after.is_(None), connections.c.force_after <= now)
    done = tx.execute(
        connections.update()
        .where(
            connections.c.identity_id == seen.identity_id, connections.c.version == seen.version, is_unknown
        )
        .values(useless_cures=count, force_after=force_after)
    )
    return done.rowcount == 1


def forget_useless_cures(tx: Connection, identity_id: str) -> None:
    """Forget them, because refreshed tokens were taken."""
    tx.execute(
        connections.update()
        .where(connections.c.identity_id == identity_id)
        .values(useless_cures=None, force_after=None)
    )


def claim_validation(tx: Connection, seen: StoredConnection, *, now: datetime, until: datetime) -> bool:
    """Take the right to ask about a token; False when somebody has it, or newer tokens are there."""
    is_due = or_(connections.c.validate_after.is_(None), connections.c.validate_after <= now)
    done = tx.execute(
        connections.update()
        .where(connections.c.identity_id == seen.identity_id, connections.c.version == seen.version, is_due)
        .values(validate_after=until)
    )
    return done.rowcount == 1


def validate_again(tx: Connection, seen: StoredConnection, *, after: datetime | None) -> None:
    """Write when the same token is asked about again; None: at its next use."""
    tx.execute(
        connections.update()
        .where(connections.c.identity_id == seen.identity_id, connections.c.version == seen.version)
        .values(validate_after=after)
    )


def mark_dead(tx: Connection, identity_id: str, *, version: int, reason: str, now: datetime) -> bool:
    """Note that these tokens are dead; False when newer ones are there."""
    done = tx.execute(
        connections.update()
        .where(connections.c.identity_id == identity_id, connections.c.version == version)
        .values(dead_reason=reason, updated_at=now, **NO_LEASE)
    )
    return done.rowcount == 1


def delete_connection(tx: Connection, identity_id: str, *, version: int) -> bool:
    """Remove that version of the tokens; False when newer ones are there."""
    done = tx.execute(
        connections.delete().where(connections.c.identity_id == identity_id, connections.c.version == version)
    )
    return done.rowcount == 1


def list_sealed_tokens(tx: Connection, *, after: str, limit: int) -> Sequence[Row[Any]]:
    """Return identity ids, versions and sealed columns in the order of the ids, for key rotation."""
    sealed = [connections.c[name] for name in SEALED_COLUMNS]
    query = select(connections.c.identity_id, connections.c.version, *sealed)
    query = query.where(connections.c.identity_id > after).order_by(connections.c.identity_id)
    return tx.execute(query.limit(limit)).all()


def replace_sealed(tx: Connection, identity_id: str, *, version: int, sealed: dict[str, bytes]) -> None:
    """Write the same tokens sealed anew, unless newer ones (already sealed with the new key) are there."""
    tx.execute(
        connections.update()
        .where(connections.c.identity_id == identity_id, connections.c.version == version)
        .values(sealed)
    )


def _token_values(tokens: SealedTokens) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "extra": tokens.extra,
        "scope": tokens.scope,
        "token_type": tokens.token_type,
        "expires_at": tokens.expires_at,
        "refresh_expires_at": tokens.refresh_expires_at,
        "refresh_after": tokens.refresh_after,
        "failures": 0,
        "dead_reason": None,
        "validate_after": None,
        **NO_LEASE,
    }


def _connection(row: Row[Any]) -> StoredConnection:
    tokens = SealedTokens(
        access_token=bytes(row.access_token),
        refresh_token=None if row.refresh_token is None else bytes(row.refresh_token),
        extra=None if row.extra is None else bytes(row.extra),
        scope=row.scope,
        token_type=row.token_type,
        expires_at=row.expires_at,
        refresh_expires_at=row.refresh_expires_at,
        refresh_after=row.refresh_after,
    )
    return StoredConnection(
        row.identity_id,
        tokens,
        failures=row.failures,
        version=row.version,
        lease_until=row.lease_until,
        dead_reason=row.dead_reason,
        useless_cures=row.useless_cures,
        force_after=row.force_after,
        validate_after=row.validate_after,
    )
