"""Bans: which addresses are kept out until when, known to all processes.

A row stays for a while after its end, because the next ban of that address is longer; what is counted is in pipeline/.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, Connection, Integer, String, Table, select

from app.storage.database.db import ExactText, UtcDateTime, insert_once, metadata

MOST_BANS = 1_000

bans = Table(
    "bans",
    metadata,
    Column("address", ExactText(64), primary_key=True),
    Column("reason", String(64), nullable=False),
    Column("times", Integer, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("is_over", Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Ban:
    """One address (IPv6: its /64) and its last ban; `times` counts its bans, `is_over` says that its end was told."""

    address: str
    reason: str
    times: int
    began_at: datetime
    ends_at: datetime
    is_over: bool = False


def find_ban(tx: Connection, address: str) -> Ban | None:
    """Return the last ban of an address, over or not."""
    row = tx.execute(select(bans).where(bans.c.address == address)).one_or_none()
    return None if row is None else Ban(**row._mapping)


def write_ban(tx: Connection, ban: Ban) -> bool:
    """Write a ban that begins; False when another process wrote one meanwhile. Beyond the cap the oldest goes, ended ones first."""
    values = asdict(ban)
    ended = bans.update().where(bans.c.address == ban.address, bans.c.ends_at <= ban.began_at)
    is_written = tx.execute(ended.values(**values)).rowcount == 1 or insert_once(tx, bans, values)
    _drop_beyond_cap(tx)
    return is_written


def _drop_beyond_cap(tx: Connection) -> None:
    newest = select(bans.c.address).order_by(bans.c.is_over, bans.c.began_at.desc(), bans.c.address)
    beyond = list(tx.execute(newest.offset(MOST_BANS).limit(MOST_BANS)).scalars())
    if beyond:
        tx.execute(bans.delete().where(bans.c.address.in_(beyond)))


def delete_ban(tx: Connection, address: str) -> bool:
    """Delete what is known of an address; False when that is nothing."""
    return tx.execute(bans.delete().where(bans.c.address == address)).rowcount == 1


def list_bans(tx: Connection, now: datetime) -> Sequence[Ban]:
    """Return the bans that are on, the newest first."""
    query = select(bans).where(bans.c.ends_at > now).order_by(bans.c.began_at.desc(), bans.c.address)
    return [Ban(**row._mapping) for row in tx.execute(query)]


def mark_ended(tx: Connection, now: datetime) -> Sequence[Ban]:
    """Mark the bans whose end has come and return them; each is returned once, to one process."""
    query = select(bans).where(bans.c.ends_at <= now, bans.c.is_over.is_(False)).order_by(bans.c.address)
    ended = [Ban(**row._mapping) for row in tx.execute(query)]
    return [ban for ban in ended if _is_marked(tx, ban)]


def _is_marked(tx: Connection, ban: Ban) -> bool:
    same = (bans.c.address == ban.address, bans.c.ends_at == ban.ends_at, bans.c.is_over.is_(False))
    return tx.execute(bans.update().where(*same).values(is_over=True)).rowcount == 1


def delete_ended(tx: Connection, before: datetime) -> int:
    """Delete the bans that ended before a time; return how many."""
    return tx.execute(bans.delete().where(bans.c.ends_at < before)).rowcount
