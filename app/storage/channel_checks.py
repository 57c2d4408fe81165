"""Set-up checks that platforms made and that passed: the newest few of each channel. Refused ones are among the rejections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Row, String, Table, select

from app.core.storable import storable
from app.storage.database.db import ExactText, UtcDateTime, metadata

MOST_PER_CHANNEL = 20

channel_checks = Table(
    "channel_checks",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("channel", ExactText(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("method", String(16), nullable=False),
    Column("kind", ExactText(64), nullable=False),
    Column("trace_id", String(32), nullable=False),
    Index("ix_channel_checks_channel", "channel", "id"),
)


class PassedCheck(NamedTuple):
    """A set-up request that was answered as its platform wants; `kind` is the name of its form."""

    channel: str
    at: datetime
    method: str
    kind: str
    trace_id: str


def insert_check(tx: Connection, new: PassedCheck) -> None:
    """Store a check and drop those of its channel beyond the newest ones (relies on ix_channel_checks_channel)."""
    tx.execute(
        channel_checks.insert().values(
            channel=storable(new.channel, 64),
            at=new.at,
            method=storable(new.method, 16),
            kind=storable(new.kind, 64),
            trace_id=storable(new.trace_id, 32),
        )
    )
    own = select(channel_checks.c.id).where(channel_checks.c.channel == new.channel)
    beyond = list(
        tx.execute(
            own.order_by(channel_checks.c.id.desc()).offset(MOST_PER_CHANNEL).limit(MOST_PER_CHANNEL)
        ).scalars()
    )
    if beyond:
        tx.execute(channel_checks.delete().where(channel_checks.c.id.in_(beyond)))


def list_checks(tx: Connection, channel: str) -> Sequence[Row[Any]]:
    """Return the checks of a channel, newest first."""
    own = select(channel_checks).where(channel_checks.c.channel == channel)
    return tx.execute(own.order_by(channel_checks.c.id.desc())).all()
