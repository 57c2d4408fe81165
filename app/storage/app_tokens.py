"""App tokens: one sealed value per channel and kind for all processes, and the lease of whoever fetches the next one.

A value is stored under the lease it was fetched with, owner and version: with some platforms a later fetch ends the
token of an earlier one, so what a slow holder brings after its lease was taken over is worth nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Integer, Row, String, Table, and_, or_, select

from app.core.storable import storable
from app.storage.database.db import Blob, ExactText, UtcDateTime, insert_once, metadata
from app.storage.database.fetch_leases import NO_LEASE, FetchLease, is_held, take_fetch_lease

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
    # Forced refreshes in a row whose token was refused too, since when, and from when on the next one may be tried.
    Column("useless_cures", Integer),
    Column("refused_since", UtcDateTime),
    Column("force_after", UtcDateTime),
)

MAX_ERROR_LENGTH = 500


def find_app_token(tx: Connection, channel: str, kind: str) -> Row[Any] | None:
    """Return the row of a token, None when none was ever asked for."""
    return tx.execute(select(app_tokens).where(_is(channel, kind))).one_or_none()


def list_app_tokens(tx: Connection) -> Sequence[Row[Any]]:
    """Return everything about every token except its value."""
    columns = [column for column in app_tokens.c if column.name != "value"]
    return tx.execute(select(*columns).order_by(app_tokens.c.channel, app_tokens.c.kind)).all()


def store_ticket(
    tx: Connection, channel: str, kind: str, *, value: bytes, made_at: datetime, expires_at: datetime
) -> bool:
    """Keep a ticket that a platform pushed, unless a newer one is there; nobody fetches tickets, so no lease is asked."""
    fresh = {"value": value, "fetched_at": made_at, "expires_at": expires_at}
    if insert_once(tx, app_tokens, {"channel": channel, "kind": kind, "version": 1} | fresh):
        return True
    is_older = or_(app_tokens.c.fetched_at.is_(None), app_tokens.c.fetched_at <= made_at)
    changed = tx.execute(
        app_tokens.update()
        .where(_is(channel, kind), is_older)
        .values(**fresh, version=app_tokens.c.version + 1)
    ).rowcount
    return bool(changed)


def take_token_lease(
    tx: Connection, channel: str, kind: str, lease: FetchLease, *, now: datetime, until: datetime
) -> bool:
    """Take the lease unless somebody holds it or a newer value is there."""
    if lease.version == 0:
        insert_once(tx, app_tokens, {"channel": channel, "kind": kind, "version": 0})
    return take_fetch_lease(tx, app_tokens, _is(channel, kind), lease, now=now, until=until)


def store_app_token(
    tx: Connection,
    channel: str,
    kind: str,
    lease: FetchLease,
    *,
    value: bytes,
    fetched_at: datetime,
    expires_at: datetime,
    renew_at: datetime,
) -> bool:
    """Store what was fetched and give the lease back; False, and nothing written, when the lease was lost."""
    changed = tx.execute(
        app_tokens.update()
        .where(_is(channel, kind), is_held(app_tokens, lease))
        .values(
            value=value,
            version=lease.version + 1,
            fetched_at=fetched_at,
            expires_at=expires_at,
            renew_at=renew_at,
            last_error=None,
            last_error_at=None,
            **NO_LEASE,
        )
    ).rowcount
    return bool(changed)


def fail_token_lease(
    tx: Connection,
    channel: str,
    kind: str,
    lease: FetchLease,
    *,
    error: str,
    at: datetime,
    renew_at: datetime,
) -> bool:
    """Write why nothing was fetched and give the lease back; the value that is there stays. False when the lease is another's now."""
    changed = tx.execute(
        app_tokens.update()
        .where(_is(channel, kind), is_held(app_tokens, lease))
        .values(
            renew_at=renew_at,
            last_error=storable(error, MAX_ERROR_LENGTH),
            last_error_at=at,
            **NO_LEASE,
        )
    ).rowcount
    return bool(changed)


def drop_app_token(tx: Connection, channel: str, kind: str, *, version: int) -> bool:
    """Forget a value the platform refused, unless a newer one has taken its place."""
    changed = tx.execute(
        app_tokens.update()
        .where(_is(channel, kind), app_tokens.c.version == version)
        .values(value=None, expires_at=None)
    ).rowcount
    return bool(changed)


def note_useless_cure(
    tx: Connection,
    channel: str,
    kind: str,
    *,
    version: int,
    now: datetime,
    count: int,
    since: datetime | None,
    force_after: datetime | None,
) -> bool:
    """Write that a forced refresh did not help; False when somebody has written it already, or a newer value is there."""
    is_unknown = or_(app_tokens.c.force_after.is_(None), app_tokens.c.force_after <= now)
    changed = tx.execute(
        app_tokens.update()
        .where(_is(channel, kind), app_tokens.c.version == version, is_unknown)
        .values(useless_cures=count, refused_since=since, force_after=force_after)
    ).rowcount
    return bool(changed)


def forget_useless_cures(tx: Connection, channel: str, kind: str) -> None:
    """Forget them, because a fresh value was taken or an operator asked for one."""
    tx.execute(
        app_tokens.update()
        .where(_is(channel, kind))
        .values(useless_cures=None, refused_since=None, force_after=None)
    )


def _is(channel: str, kind: str) -> ColumnElement[bool]:
    return and_(app_tokens.c.channel == channel, app_tokens.c.kind == kind)
