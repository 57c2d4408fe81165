"""App tokens: one sealed value per channel and kind for all processes, and the lease of whoever fetches the next one.

The version counts the values ever stored. A lease is taken on a version and a value is stored on the same one, so a
slow holder whose lease was taken over can never put an older value over a newer one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, Row, String, Table, and_, or_, select

from app.storage.database.db import Blob, ExactText, UtcDateTime, insert_once, metadata

app_tokens = Table(
    "app_tokens",
    metadata,
    Column("channel", ExactText(64), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("value", Blob),
    Column("version", Integer, nullable=False),
    Column("fetched_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    # From here on somebody tries to fetch the next one; later than now after a failure, so that tries are spaced out.
    Column("renew_at", UtcDateTime),
    Column("lease_owner", String(32)),
    Column("lease_until", UtcDateTime),
    Column("last_error", ExactText(500)),
    Column("last_error_at", UtcDateTime),
)

MAX_ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class TokenLease:
    """The right to fetch the value after `version`, until its time is over."""

    channel: str
    kind: str
    owner: str
    version: int


def find_app_token(tx: Connection, channel: str, kind: str) -> Row[Any] | None:
    """Return the row of a token, None when none was ever asked for."""
    return tx.execute(select(app_tokens).where(_is(channel, kind))).one_or_none()


def list_app_tokens(tx: Connection) -> Sequence[Row[Any]]:
    """Return everything about every token except its value."""
    columns = [column for column in app_tokens.c if column.name != "value"]
    return tx.execute(select(*columns).order_by(app_tokens.c.channel, app_tokens.c.kind)).all()


def take_token_lease(tx: Connection, lease: TokenLease, *, now: datetime, lease_until: datetime) -> bool:
    """Take the lease unless somebody holds it or a newer value is there."""
    if lease.version == 0:
        insert_once(tx, app_tokens, {"channel": lease.channel, "kind": lease.kind, "version": 0})
    is_free = or_(app_tokens.c.lease_until.is_(None), app_tokens.c.lease_until <= now)
    changed = tx.execute(
        app_tokens.update()
        .where(_is(lease.channel, lease.kind), app_tokens.c.version == lease.version, is_free)
        .values(lease_owner=lease.owner, lease_until=lease_until)
    ).rowcount
    return bool(changed)


def store_app_token(
    tx: Connection,
    lease: TokenLease,
    *,
    value: bytes,
    fetched_at: datetime,
    expires_at: datetime,
    renew_at: datetime,
) -> bool:
    """Store what was fetched and give the lease back; False, and nothing written, when the lease was lost."""
    changed = tx.execute(
        app_tokens.update()
        .where(_held_by(lease))
        .values(
            value=value,
            version=lease.version + 1,
            fetched_at=fetched_at,
            expires_at=expires_at,
            renew_at=renew_at,
            lease_owner=None,
            lease_until=None,
            last_error=None,
            last_error_at=None,
        )
    ).rowcount
    return bool(changed)


def fail_token_lease(
    tx: Connection, lease: TokenLease, *, error: str, at: datetime, renew_at: datetime
) -> None:
    """Write why nothing was fetched and give the lease back; the value that is there stays."""
    tx.execute(
        app_tokens.update()
        .where(_held_by(lease))
        .values(
            lease_owner=None,
            lease_until=None,
            renew_at=renew_at,
            last_error=error[:MAX_ERROR_LENGTH],
            last_error_at=at,
        )
    )


def drop_app_token(tx: Connection, channel: str, kind: str, *, version: int) -> bool:
    """Forget a value the platform refused, unless a newer one has taken its place."""
    changed = tx.execute(
        app_tokens.update()
        .where(_is(channel, kind), app_tokens.c.version == version)
        .values(value=None, expires_at=None)
    ).rowcount
    return bool(changed)


def _held_by(lease: TokenLease) -> Any:
    return and_(
        _is(lease.channel, lease.kind),
        app_tokens.c.lease_owner == lease.owner,
        app_tokens.c.version == lease.version,
    )


def _is(channel: str, kind: str) -> Any:
    return and_(app_tokens.c.channel == channel, app_tokens.c.kind == kind)
