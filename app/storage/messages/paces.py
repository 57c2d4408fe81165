"""What platforms allow in a time, counted over all processes: each allowance is one row that grows back steadily.

The generic cell rate algorithm: `whole_at` is when what was used so far has grown back. A call is allowed while that
lies no further ahead than the burst; each call moves it on by one interval.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from app.storage.database.db import microseconds, supports_skip_locked
from app.storage.database.many_rows import insert_rows_once
from app.storage.messages.tables import sending_paces


class Toll(NamedTuple):
    """One allowance that a call uses: its row, how long one call takes to grow back, and how far ahead it may be used."""

    id: str
    interval: timedelta
    ahead: timedelta


class Allowances:
    """The rows of some allowances, locked until the transaction ends."""

    def __init__(self, whole_at: dict[str, datetime], now: datetime):
        self._whole_at = whole_at
        self._now = now
        self._changed: set[str] = set()

    def wait_for(self, tolls: Collection[Toll]) -> datetime | None:
        """Return when all of these have room, None when they have it now."""
        free = [self._whole_at[toll.id] - toll.ahead for toll in tolls]
        latest = max(free, default=self._now)
        return latest if latest > self._now else None

    def use(self, tolls: Collection[Toll]) -> None:
        """Use one call of each."""
        for toll in tolls:
            self._whole_at[toll.id] = max(self._whole_at[toll.id], self._now) + toll.interval
            self._changed.add(toll.id)

    def write(self, tx: Connection) -> None:
        """Write what was used."""
        rows = [{"row_id": each, "new_whole_at": self._whole_at[each]} for each in sorted(self._changed)]
        if rows:
            tx.execute(_USE, rows)


_USE = (
    sending_paces.update()
    .where(sending_paces.c.id == bindparam("row_id"))
    .values(whole_at=bindparam("new_whole_at"))
)


def lock_allowances(tx: Connection, tolls: Collection[Toll], now: datetime) -> Allowances:
    """Lock the rows of these, in the order of their ids; one that is not there is whole."""
    ids = sorted({toll.id for toll in tolls})
    if not ids:
        return Allowances({}, now)
    found = _locked(tx, ids)
    if missing := [each for each in ids if each not in found]:
        insert_rows_once(
            tx, sending_paces, ("id", "whole_at"), [(each, microseconds(now)) for each in missing]
        )
        found |= _locked(tx, missing)
    return Allowances(dict.fromkeys(ids, now) | found, now)


def _locked(tx: Connection, ids: Sequence[str]) -> dict[str, datetime]:
    query = select(sending_paces.c.id, sending_paces.c.whole_at).where(sending_paces.c.id.in_(ids))
    query = query.order_by(sending_paces.c.id)
    if supports_skip_locked(tx):
        query = query.with_for_update()
    return {row.id: row.whole_at for row in tx.execute(query)}


def forget_whole_paces(tx: Connection, now: datetime, *, limit: int) -> int:
    """Delete allowances that have grown back whole, which is what a missing row says too; return how many.

    One that is used at this moment is passed over.
    """
    query = select(sending_paces.c.id).where(sending_paces.c.whole_at < now).limit(limit)
    if supports_skip_locked(tx):
        query = query.with_for_update(skip_locked=True)
    whole = list(tx.execute(query).scalars())
    if not whole:
        return 0
    return tx.execute(sending_paces.delete().where(sending_paces.c.id.in_(whole))).rowcount
