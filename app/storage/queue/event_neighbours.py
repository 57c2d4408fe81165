"""The events beside one, in the same list: the next older ones and the next newer ones that a filter lets through.

What one index finds is found however far away it lies. Texts, types with a `*` and several filters together are looked for in a
bounded number of events on either side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select

from app.storage.database.db import only_by_index
from app.storage.inbox.events import EventFilter, events
from app.storage.queue.event_lists import earlier_than, filtered
from app.storage.queue.event_search import NEWEST, TEXT_COLUMNS, Place, Sought, by_index, sought_in

LOOKED_THROUGH = 2_000
OLDEST = (events.c.received_at, events.c.id)


class _Side(NamedTuple):
    """One direction: what lies there, and in which order it is walked."""

    is_beyond: ColumnElement[bool]
    order: tuple[Any, Any]


def find_older(
    tx: Connection, wanted: EventFilter, sought: Sought | None, *, place: Place, limit: int
) -> Sequence[Row[Any]]:
    """Return id and time of the next older events, the nearest first."""
    return _beside(tx, wanted, sought, _Side(earlier_than(place), NEWEST), limit)


def find_newer(
    tx: Connection, wanted: EventFilter, sought: Sought | None, *, place: Place, limit: int
) -> Sequence[Row[Any]]:
    """Return id and time of the next newer events, the nearest first."""
    return _beside(tx, wanted, sought, _Side(_later_than(place), OLDEST), limit)


def _beside(
    tx: Connection,
    wanted: EventFilter,
    sought: Sought | None,
    side: _Side,
    limit: int,
) -> Sequence[Row[Any]]:
    only_by_index(tx)
    base, rest = by_index(wanted)
    near = filtered(select(events.c.id, events.c.received_at), base).where(side.is_beyond)
    near = near.order_by(*side.order)
    if sought is None and rest == EventFilter():
        return tx.execute(near.limit(limit)).all()
    window = near.limit(LOOKED_THROUGH).subquery("near")
    named = (events.c[name] for name in TEXT_COLUMNS)
    query: Select[Any] = select(*named, events.c.received_at).join(window, window.c.id == events.c.id)
    if sought is not None:
        query = query.where(*sought_in(tx, sought))
    return tx.execute(filtered(query, rest).order_by(*side.order).limit(limit)).all()


def _later_than(place: Place) -> ColumnElement[bool]:
    at, event_id = place
    later = or_(events.c.received_at > at, and_(events.c.received_at == at, events.c.id > event_id))
    return and_(events.c.received_at >= at, later)
