"""The lease of whoever fetches the next value of a row; what is fetched, and how, is not known here.

A table with such rows has the columns `version`, `lease_owner` and `lease_until`. The version counts the values ever
stored. A lease is taken on the version that was seen, so nobody fetches what has been fetched meanwhile; and whoever
stores names that version, so an older value never gets over a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, or_

NO_LEASE: Mapping[str, None] = {"lease_owner": None, "lease_until": None}
"""What the row of an ended lease holds; it is written together with what the lease was for."""


@dataclass(frozen=True, slots=True)
class FetchLease:
    """The right to fetch the value after `version`, until its time is over."""

    owner: str
    version: int


def take_fetch_lease(
    tx: Connection,
    table: Table,
    row: ColumnElement[bool],
    lease: FetchLease,
    *,
    now: datetime,
    until: datetime,
) -> bool:
    """Take the lease on a row; False while somebody else holds it or when a newer value is there."""
    is_free = or_(table.c.lease_until.is_(None), table.c.lease_until <= now)
    done = tx.execute(
        table.update()
        .where(row, table.c.version == lease.version, is_free)
        .values(lease_owner=lease.owner, lease_until=until)
    )
    return bool(done.rowcount)


def is_held(table: Table, lease: FetchLease) -> ColumnElement[bool]:
    """Say that a row's lease is still this one: nobody took it over, and no newer value is there."""
    return and_(table.c.lease_owner == lease.owner, table.c.version == lease.version)
