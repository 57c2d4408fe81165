"""Dispatches as operators look for them: pages by a filter, newest first. Nothing is written here.

What waits or runs is in the queue, which is small. What has ended is walked from the newest on, so many rows for a page and
no more: routes and channels have no index there, as each would have to be written for every event that goes well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    String,
    cast,
    exists,
    literal,
    literal_column,
    null,
    select,
    union_all,
)

from app.core.states import DispatchState, Trigger
from app.storage.database.db import UtcDateTime, only_by_index
from app.storage.inbox.events import events
from app.storage.queue.dispatches import UNFINISHED, dispatches, queue

LOOKED_THROUGH = 20_000
"""Ended dispatches that one page looks through at most."""

NAMES = ("id", "event_id", "route", "state", "attempt")


@dataclass(frozen=True, slots=True)
class DispatchFilter:
    """What to list; every member narrows the list. `first_id` and `end_id` bound the ids, which sort by time."""

    state: DispatchState | None = None
    route: str | None = None
    channel: str | None = None
    first_id: str = ""
    end_id: str = ""

    @property
    def is_found_by_index(self) -> bool:
        """Whether no row is read in vain: nothing is asked for but times, or only what is dead (ix_dispatches_dead)."""
        return self.route is None and self.channel is None and self.state in (None, DispatchState.DEAD)


def list_newest_dispatches(
    tx: Connection, wanted: DispatchFilter, *, before: str, limit: int
) -> Sequence[Row[Any]]:
    """Return dispatches with ids below `before` (empty: all) with channel and type of their events, newest first."""
    only_by_index(tx)
    halves = []
    if wanted.state is None or wanted.state.value in UNFINISHED:
        halves.append(_unfinished(wanted, before, limit))
    if wanted.state is None or wanted.state.value not in UNFINISHED:
        halves.append(_ended(wanted, before, limit))
    found = (union_all(*halves) if len(halves) > 1 else halves[0]).subquery("found")
    query = select(found, events.c.channel, events.c.type, events.c.platform).select_from(
        found.join(events, events.c.id == found.c.event_id)
    )
    return tx.execute(query.order_by(found.c.id.desc()).limit(limit)).all()


def end_of_window(tx: Connection, before: str) -> str | None:
    """Return the oldest ended dispatch that a page from there looks through, None when that is the oldest of all."""
    own = dispatches.c
    query = select(own.id).order_by(own.id.desc()).offset(LOOKED_THROUGH - 1).limit(1)
    if before:
        query = query.where(own.id < before)
    return tx.execute(query).scalar_one_or_none()


def newest_unfinished(tx: Connection, *, limit: int) -> Sequence[str]:
    """Return the events of the newest dispatches that wait or run."""
    query = select(queue.c.event_id).order_by(queue.c.id.desc()).limit(limit)
    return list(dict.fromkeys(tx.execute(query).scalars()))


def _unfinished(wanted: DispatchFilter, before: str, limit: int) -> Select[Any]:
    own = queue.c
    columns = [
        *(own[name] for name in NAMES),
        own.due_at,
        own.started_at,
        cast(null(), UtcDateTime).label("finished_at"),
        own.trigger,
    ]
    query = _narrowed(select(*columns), queue, wanted, before)
    return select(query.order_by(own.id.desc()).limit(limit).subquery("unfinished"))


def _ended(wanted: DispatchFilter, before: str, limit: int) -> Select[Any]:
    own = dispatches.c
    columns = [
        *(own[name] for name in NAMES),
        cast(null(), UtcDateTime).label("due_at"),
        cast(null(), UtcDateTime).label("started_at"),
        own.finished_at,
        literal_column(f"'{Trigger.AUTOMATIC.value}'", String).label("trigger"),
    ]
    waits = exists().where(queue.c.id == own.id)
    query = _narrowed(select(*columns), dispatches, wanted, before).where(~waits)
    return select(query.order_by(own.id.desc()).limit(limit).subquery("ended"))


def _narrowed(query: Select[Any], table: FromClause, wanted: DispatchFilter, before: str) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(table.c.state == literal_column(f"'{wanted.state.value}'", String))
    if wanted.route is not None:
        conditions.append(table.c.route == wanted.route)
    if wanted.channel is not None:
        # One look for each row, newest first: a join would begin with all events of the channel.
        of_channel = select(literal(1)).where(
            events.c.id == table.c.event_id, events.c.channel == wanted.channel
        )
        conditions.append(of_channel.limit(1).correlate(table).scalar_subquery().is_not(None))
    return _bounded(query, table, wanted, before).where(*conditions)


def _bounded(query: Select[Any], table: FromClause, wanted: DispatchFilter, before: str) -> Select[Any]:
    ends = [each for each in (wanted.end_id, before) if each]
    if ends:
        query = query.where(table.c.id < min(ends))
    return query.where(table.c.id >= wanted.first_id) if wanted.first_id else query
