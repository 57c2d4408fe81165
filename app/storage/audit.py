"""Audit: who did what to what, and how it ended. No secrets, no tokens, no personal data beyond ids.

Entries of people, tokens and the system stay for months. Anybody can cause one of "anonymous", so of those only the newest are
kept, and for a few days.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    select,
)

from app.core.exact_json import write_json
from app.core.storable import storable
from app.storage.database.db import Blob, ExactText, UtcDateTime, metadata

ANONYMOUS = "anonymous"
MOST_ANONYMOUS = 1_000
PRUNE_EVERY = 64
"""About so many more than MOST_ANONYMOUS may stand there for a moment."""

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", ExactText(191), nullable=False),
    Column("action", String(64), nullable=False),
    Column("target", ExactText(191), nullable=False),
    Column("outcome", String(64), nullable=False),
    Column("trace_id", String(32), nullable=False),
    Column("detail", Blob),
    Index("ix_audit_entries_at", "at"),
    Index("ix_audit_entries_actor", "actor", "id"),
    Index("ix_audit_entries_action", "action", "id"),
    Index("ix_audit_entries_target", "target", "id"),
)


def write_audit(
    tx: Connection,
    *,
    at: datetime,
    actor: str,
    action: str,
    target: str,
    outcome: str = "done",
    trace_id: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add one entry; `actor` is a user id, an API token's name, "system" or "anonymous", which drops old ones now and then."""
    tx.execute(
        audit_entries.insert().values(
            at=at,
            actor=storable(actor, 191),
            action=storable(action, 64),
            target=storable(target, 191),
            outcome=storable(outcome, 64),
            trace_id=storable(trace_id, 32),
            detail=None if detail is None else write_json(dict(detail)),
        )
    )
    if actor == ANONYMOUS and secrets.randbelow(PRUNE_EVERY) == 0:
        drop_anonymous_beyond_cap(tx)


def drop_anonymous_beyond_cap(tx: Connection) -> int:
    """Drop the oldest entries of "anonymous" beyond the newest ones; return how many (relies on ix_audit_entries_actor)."""
    own = select(audit_entries.c.id).where(audit_entries.c.actor == ANONYMOUS)
    newest = own.order_by(audit_entries.c.id.desc())
    last_kept = tx.execute(newest.offset(MOST_ANONYMOUS - 1).limit(1)).scalar_one_or_none()
    if last_kept is None:
        return 0
    beyond = audit_entries.delete().where(audit_entries.c.actor == ANONYMOUS, audit_entries.c.id < last_kept)
    return tx.execute(beyond).rowcount


def delete_old_anonymous(tx: Connection, before: datetime) -> int:
    """Delete the entries of "anonymous" older than a time; return how many. There are few."""
    old = audit_entries.delete().where(audit_entries.c.actor == ANONYMOUS, audit_entries.c.at < before)
    return tx.execute(old).rowcount


def delete_old_audit(tx: Connection, before: datetime, *, limit: int) -> int:
    """Delete the oldest `limit` entries older than a time; return how many (relies on ix_audit_entries_at)."""
    query = select(audit_entries.c.id).where(audit_entries.c.at < before)
    old = list(tx.execute(query.order_by(audit_entries.c.at).limit(limit)).scalars())
    if not old:
        return 0
    return tx.execute(audit_entries.delete().where(audit_entries.c.id.in_(old))).rowcount


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to list; every member narrows the list."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_audit(
    tx: Connection, *, before: int | None, limit: int, wanted: AuditFilter | None = None
) -> Sequence[Row[Any]]:
    """Return entries, newest first, with ids below `before` (relies on ix_audit_entries_actor, _action and _target)."""
    query = select(audit_entries)
    if before is not None:
        query = query.where(audit_entries.c.id < before)
    if wanted is not None:
        query = query.where(*_narrowed(wanted))
    return tx.execute(query.order_by(audit_entries.c.id.desc()).limit(limit)).all()


def _narrowed(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    named = {"actor": wanted.actor, "action": wanted.action, "target": wanted.target}
    conditions: list[ColumnElement[bool]] = [
        audit_entries.c[name] == value for name, value in named.items() if value is not None
    ]
    if wanted.since is not None:
        conditions.append(audit_entries.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(audit_entries.c.at < wanted.until)
    return conditions
