"""Channel overrides: what an operator decided about a channel beside its file. A channel without a row is as the file says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, Connection, Table, select

from app.core.storable import storable
from app.storage.database.db import ExactText, UtcDateTime, insert_once, metadata

MAX_REASON = 500

channel_overrides = Table(
    "channel_overrides",
    metadata,
    Column("channel", ExactText(64), primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("actor", ExactText(191), nullable=False),
    Column("reason", ExactText(MAX_REASON), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Override:
    """The last decision about a channel: by whom, why, when."""

    channel: str
    enabled: bool
    actor: str
    reason: str
    at: datetime


def write_override(tx: Connection, new: Override) -> None:
    """Write the last decision about a channel over the one before."""
    values = asdict(new) | {"actor": storable(new.actor, 191), "reason": storable(new.reason, MAX_REASON)}
    own = channel_overrides.c.channel == new.channel
    if tx.execute(channel_overrides.update().where(own).values(**values)).rowcount == 0:
        # insert_once: another process may be first.
        insert_once(tx, channel_overrides, values)


def list_overrides(tx: Connection) -> dict[str, Override]:
    """Return the last decision about each channel that has one."""
    return {row.channel: Override(**row._mapping) for row in tx.execute(select(channel_overrides))}
