"""Rejections: refused deliveries with the evidence a person needs to find out why; the newest 10,000 only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Row, String, Table, select

from app.storage.database.db import Blob, ExactText, UtcDateTime, metadata

MAX_REJECTIONS = 10_000
MAX_BODY_BYTES = 4096

rejections = Table(
    "rejections",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("channel", ExactText(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("error", String(64), nullable=False),
    Column("reason", ExactText(255), nullable=False),
    Column("method", String(16), nullable=False),
    Column("path", ExactText(255), nullable=False),
    Column("remote_addr", String(64), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("headers", Blob, nullable=False),
    Column("body_start", Blob, nullable=False),
    Column("body_length", Integer, nullable=False),
    Column("trace_id", String(32), nullable=False),
    Index("ix_rejections_channel", "channel", "id"),
)


@dataclass(frozen=True, slots=True)
class NewRejection:
    """A refused delivery; headers are redacted before they come here."""

    channel: str
    status: int
    error: str
    reason: str
    method: str
    path: str
    remote_addr: str
    received_at: datetime
    headers: tuple[tuple[str, str], ...]
    body: bytes
    trace_id: str


def insert_rejection(tx: Connection, new: NewRejection) -> None:
    """Store a rejection and drop those beyond the cap."""
    inserted = tx.execute(
        rejections.insert().values(
            channel=new.channel[:64],
            status=new.status,
            error=new.error[:64],
            reason=new.reason[:255],
            method=new.method[:16],
            path=new.path[:255],
            remote_addr=new.remote_addr[:64],
            received_at=new.received_at,
            headers=orjson.dumps(new.headers),
            body_start=new.body[:MAX_BODY_BYTES],
            body_length=len(new.body),
            trace_id=new.trace_id,
        )
    )
    newest = inserted.inserted_primary_key[0] if inserted.inserted_primary_key else 0
    tx.execute(rejections.delete().where(rejections.c.id <= newest - MAX_REJECTIONS))


def delete_old_rejections(tx: Connection, before: datetime, *, limit: int) -> int:
    """Delete rejections received before a time, of the `limit` oldest ones; return how many. Ids follow time."""
    oldest = select(rejections.c.id, rejections.c.received_at).order_by(rejections.c.id).limit(limit)
    old = [row.id for row in tx.execute(oldest) if row.received_at < before]
    if not old:
        return 0
    return tx.execute(rejections.delete().where(rejections.c.id.in_(old))).rowcount


def list_rejections(
    tx: Connection, *, channel: str | None, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Return rejections, newest first, with ids below `before`."""
    query = select(rejections)
    if channel is not None:
        query = query.where(rejections.c.channel == channel)
    if before is not None:
        query = query.where(rejections.c.id < before)
    return tx.execute(query.order_by(rejections.c.id.desc()).limit(limit)).all()
