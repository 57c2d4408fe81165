"""Events as a search finds them: what begins with an index at once, texts window by window from the newest on.

Nothing is written here. A window is a bounded number of events that the other filters find by index; the caller says when it has
looked long enough.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, LargeBinary, Row, Select, and_, bindparam, func, or_, select

from app.core.states import EventState
from app.storage.database.db import only_by_index
from app.storage.inbox.events import SUMMARY, EventFilter, events
from app.storage.queue.event_lists import earlier_than, escaped_like, filtered
from app.storage.queue.event_states import LASTING, shown_state

Place = tuple[datetime, str]
TEXT_COLUMNS = ("id", "key", "type", "subject")
ID_DIGITS = 32
NEWEST = (events.c.received_at.desc(), events.c.id.desc())


class Sought(NamedTuple):
    """What is looked for in each event: a text in one of its names, its exact key, and one of these bytes in its data."""

    text: str | None = None
    key: str | None = None
    data: tuple[bytes, ...] = ()
    as_shown: bool = False


class Window(NamedTuple):
    """What one window holds of it, newest first, and where it ended; None: nothing lies further back."""

    found: Sequence[Row[Any]]
    end: Place | None


def channels_of_events(tx: Connection, *, limit: int) -> list[str]:
    """Return the channels that events have, step by step through ix_events_channel_received_at: one look for each."""
    found: list[str] = []
    while len(found) < limit:
        following = select(func.min(events.c.channel))
        if found:
            following = following.where(events.c.channel > found[-1])
        channel = tx.execute(following).scalar_one()
        if channel is None:
            break
        found.append(channel)
    return found


def search_window(
    tx: Connection, wanted: EventFilter, sought: Sought, *, before: Place | None, size: int, limit: int
) -> Window:
    """Look through one window of events older than `before` (relies on the indexes of events by time)."""
    only_by_index(tx)
    base, rest = by_index(wanted)
    chosen = filtered(select(events.c.id, events.c.received_at), base)
    if before is not None:
        chosen = chosen.where(earlier_than(before))
    chosen = chosen.order_by(*NEWEST)
    end = tx.execute(chosen.offset(size - 1).limit(1)).one_or_none()
    window = chosen.limit(size).subquery("looked_through")
    hits = select(events.c.id).join(window, window.c.id == events.c.id).where(*sought_in(tx, sought))
    hits = filtered(hits, rest).order_by(*NEWEST).limit(limit)
    return Window(_summaries(tx, hits), None if end is None else (end.received_at, end.id))


def by_index(wanted: EventFilter) -> tuple[EventFilter, EventFilter]:
    """Return what of a filter one index answers in the order of time, and the rest, which each event found is asked.

    No two filters share an index, and a type with a `*` has none; what waits or runs is found in the queue, with all filters.
    """
    own = replace(wanted, text=None)
    if own.state is not None and own.state not in LASTING:
        return own, EventFilter()
    names = ["subject", "type", "state", "channel"]
    if own.type is not None and "*" in own.type:
        names.remove("type")
    if own.state is not EventState.DEAD:
        names.sort(key="state".__eq__)
    named = next((name for name in names if getattr(own, name) is not None), None)
    found = {} if named is None else {named: getattr(own, named)}
    base = EventFilter(since=own.since, until=own.until, **found)
    return base, replace(own, since=None, until=None, **dict.fromkeys(found))


def find_named(
    tx: Connection, wanted: EventFilter, sought: Sought, channels: Collection[str], *, limit: int
) -> Sequence[Row[Any]]:
    """Return the newest events that a name finds at once: their id begins with the text, their subject or key on these channels is it.

    Relies on the primary key, ix_events_subject and the unique constraint on channel and claim.
    """
    only_by_index(tx)
    named: list[tuple[ColumnElement[bool], tuple[Any, ...]]] = [
        (_has_key(channels, each), NEWEST) for each in (sought.key, sought.text) if each is not None
    ]
    if sought.text is not None:
        # Ids follow time; by time the id would be looked for in the index of times.
        named += [(_id_begins(sought.text), (events.c.id.desc(),)), (events.c.subject == sought.text, NEWEST)]
    found: set[str] = set()
    for condition, order in named:
        query = filtered(select(events.c.id), replace(wanted, text=None)).where(condition)
        if sought.text is not None and sought.key is not None:
            query = query.where(*sought_in(tx, sought._replace(data=())))
        found.update(tx.execute(query.order_by(*order).limit(limit)).scalars())
    page = select(events.c.id).where(events.c.id.in_(found)).order_by(*NEWEST).limit(limit)
    return _summaries(tx, page) if found else []


def _has_key(channels: Collection[str], key: str) -> ColumnElement[bool]:
    return and_(events.c.channel.in_(tuple(channels)), events.c.claim == key)


def _summaries(tx: Connection, ids: Select[Any]) -> Sequence[Row[Any]]:
    """Return summaries of the events of a page; states are only worked out for these."""
    page = ids.subquery("page")
    columns = (shown_state() if name == "state" else events.c[name] for name in SUMMARY)
    query = select(*columns).join(page, page.c.id == events.c.id)
    return tx.execute(query.order_by(*NEWEST)).all()


def _id_begins(text: str) -> ColumnElement[bool]:
    """Return a range that every database finds in the primary key, as LIKE is not."""
    return and_(events.c.id >= text, events.c.id <= text.ljust(ID_DIGITS, "g"))


def sought_in(tx: Connection, sought: Sought) -> list[ColumnElement[bool]]:
    """Return the conditions that an event holds what is looked for."""
    conditions: list[ColumnElement[bool]] = []
    if sought.text is not None:
        pattern = f"%{escaped_like(sought.text)}%"
        conditions.append(or_(*(events.c[name].like(pattern, escape="\\") for name in TEXT_COLUMNS)))
    if sought.key is not None:
        conditions.append(events.c.key == sought.key)
    if sought.data:
        conditions.append(or_(*(_holds(tx, part) for part in sought.data)))
    return conditions


def _holds(tx: Connection, part: bytes) -> ColumnElement[bool]:
    """Return the condition that an event's data hold these bytes; each database has its own word for it."""
    given = bindparam(None, part, LargeBinary, unique=True)
    if tx.dialect.name == "postgresql":
        return func.position(given.op("IN")(events.c.data)) > 0
    if tx.dialect.name == "sqlite":
        return func.instr(events.c.data, given) > 0
    return func.locate(given, events.c.data) > 0
