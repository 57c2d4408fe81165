"""Events as operators look for them: pages and counts by a filter, each in the state that its dispatches give it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal, or_, select

from app.core.states import EventState
from app.storage.database.db import only_by_index
from app.storage.inbox.events import REPLAYABLE, SUMMARY, EventFilter, events
from app.storage.queue.event_states import is_in_state, shown_state


def list_events(
    tx: Connection, wanted: EventFilter, *, before: tuple[datetime, str] | None, limit: int
) -> Sequence[Row[Any]]:
    """Return summaries, newest first, of events older than `before` (relies on ix_events_received_at)."""
    only_by_index(tx)
    query = filtered(select(events.c.id), wanted)
    if before is not None:
        query = query.where(earlier_than(before))
    newest = events.c.received_at.desc(), events.c.id.desc()
    # The page comes first and its states after it: otherwise a state is worked out for what is on other pages.
    page = query.order_by(*newest).limit(limit).subquery("page")
    columns = (shown_state() if name == "state" else events.c[name] for name in SUMMARY)
    return tx.execute(select(*columns).join(page, page.c.id == events.c.id).order_by(*newest)).all()


def list_oldest_events(
    tx: Connection, wanted: EventFilter, *, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Row[Any]]:
    """Return what a replay needs to know of events, oldest first, of events newer than `after`."""
    only_by_index(tx)
    query = filtered(select(*REPLAYABLE), wanted)
    if after is not None:
        at, event_id = after
        later = or_(events.c.received_at > at, and_(events.c.received_at == at, events.c.id > event_id))
        query = query.where(events.c.received_at >= at, later)
    return tx.execute(query.order_by(events.c.received_at, events.c.id).limit(limit)).all()


def count_events(tx: Connection, wanted: EventFilter) -> int:
    """Return how many events a filter finds."""
    return int(tx.execute(filtered(select(func.count()).select_from(events), wanted)).scalar_one())


def count_dead_events(tx: Connection, *, count_to: int) -> int:
    """Return how many events are dead, counted no further than that (relies on ix_events_state_received_at)."""
    first = select(literal(1)).where(events.c.state == EventState.DEAD.value).limit(count_to).subquery()
    return int(tx.execute(select(func.count()).select_from(first)).scalar_one())


def earlier_than(place: tuple[datetime, str]) -> ColumnElement[bool]:
    """Return the condition that an event lies further back than a place in a list."""
    at, event_id = place
    earlier = or_(events.c.received_at < at, and_(events.c.received_at == at, events.c.id < event_id))
    return and_(events.c.received_at <= at, earlier)


def filtered(query: Select[Any], wanted: EventFilter) -> Select[Any]:
    """Narrow a query about events."""
    if wanted.channel is not None:
        query = query.where(events.c.channel == wanted.channel)
    if wanted.state is not None:
        query = query.where(is_in_state(wanted.state))
    if wanted.type is not None:
        query = query.where(_of_type(wanted.type))
    if wanted.subject is not None:
        query = query.where(events.c.subject == wanted.subject)
    if wanted.text is not None:
        pattern = f"%{escaped_like(wanted.text)}%"
        found = [events.c[name].like(pattern, escape="\\") for name in ("id", "key", "type", "subject")]
        query = query.where(or_(*found))
    if wanted.since is not None:
        query = query.where(events.c.received_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(events.c.received_at < wanted.until)
    return query


def _of_type(wanted: str) -> ColumnElement[bool]:
    """Return the condition for a type; one without `*` is compared, so that its index is used."""
    if "*" not in wanted:
        return events.c.type == wanted
    return events.c.type.like(escaped_like(wanted).replace("*", "%"), escape="\\")


def escaped_like(text: str) -> str:
    """Return a text as a pattern that means nothing but itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
