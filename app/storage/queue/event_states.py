"""What the states of its dispatches mean for an event; the worst news wins.

`events.state` holds what lasts: `dead`, `ignored`, or `succeeded`, which an event has from the start when it has
dispatches. While one of them is in the queue, the queue says where the event stands. So an event that goes well is never
written again; only a death and a replay write here. Both lock the events first, and dispatches after them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, case, exists, func, literal, or_, select

from app.core.states import DispatchState, EventState
from app.storage.database.db import supports_skip_locked
from app.storage.database.hints import rarely
from app.storage.inbox.events import events
from app.storage.queue.dispatches import dispatches, queue

LASTING = (EventState.SUCCEEDED, EventState.IGNORED, EventState.DEAD)
"""The states that an event's own row says, and the index of it."""

_LOCK = (
    select(events.c.id)
    .where(events.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(events.c.id)
    .with_for_update()
)
_SET = (
    events.update()
    .where(events.c.id.in_(bindparam("ids", expanding=True)), events.c.state != bindparam("new_state"))
    .values(state=bindparam("new_state"))
)


def event_state_of(states: set[str]) -> EventState:
    """Return the state of an event whose dispatches are in these states."""
    if not states:
        return EventState.IGNORED
    if DispatchState.DEAD in states:
        return EventState.DEAD
    if DispatchState.RETRYING in states:
        return EventState.RETRYING
    if states == {DispatchState.SUCCEEDED}:
        return EventState.SUCCEEDED
    if states == {DispatchState.PENDING}:
        return EventState.RECEIVED
    return EventState.PROCESSING


def _first(query: Select[Any]) -> Any:
    """Say whether a query beside an event finds anything, by one look for each event.

    EXISTS says the same, but PostgreSQL then prefers to read the whole queue, even for one page of events.
    """
    return query.limit(1).scalar_subquery().is_not(None)


def _in_queue(*conditions: Any) -> Any:
    return _first(select(literal(1)).where(queue.c.event_id == events.c.id, *conditions).correlate(events))


def _has_ended(*conditions: Any) -> Any:
    """Say whether a dispatch of the event has ended and was not made due again."""
    again = exists().where(queue.c.id == dispatches.c.id)
    ended = select(literal(1)).where(dispatches.c.event_id == events.c.id, ~again, *conditions)
    return _first(ended.correlate(events))


def shown_state() -> Any:
    """Return the state of an event as a column, beside `events`; the same rule as above, for the database."""
    return case(
        (events.c.state == EventState.DEAD.value, EventState.DEAD.value),
        (_in_queue(queue.c.state == DispatchState.RETRYING.value), EventState.RETRYING.value),
        (~_in_queue(), events.c.state),
        (
            or_(_in_queue(queue.c.state == DispatchState.RUNNING.value), _has_ended()),
            EventState.PROCESSING.value,
        ),
        else_=EventState.RECEIVED.value,
    ).label("state")


def is_in_state(state: EventState) -> Any:
    """Return the condition that an event is shown in a state; what is unfinished is looked for in the queue.

    So finding it takes as long as the queue is, however much is stored.
    """
    if state is EventState.DEAD:
        return rarely(events.c.state == state.value)
    if state in LASTING:
        return and_(rarely(events.c.state == state.value), ~_in_queue())
    is_retrying, is_running = (
        func.max(case((queue.c.state == each.value, 1), else_=0))
        for each in (DispatchState.RETRYING, DispatchState.RUNNING)
    )
    unfinished = select(queue.c.event_id).group_by(queue.c.event_id)
    found = [events.c.state != EventState.DEAD.value]
    if state is EventState.RETRYING:
        unfinished = unfinished.having(is_retrying == 1)
    elif state is EventState.RECEIVED:
        unfinished = unfinished.having(and_(is_retrying == 0, is_running == 0))
        found.append(~_has_ended())
    else:
        unfinished = unfinished.having(is_retrying == 0)
        found.append(or_(_in_queue(queue.c.state == DispatchState.RUNNING.value), _has_ended()))
    return and_(events.c.id.in_(unfinished), *found)


def lock_events(tx: Connection, event_ids: Collection[str]) -> None:
    """Lock events in the order of their ids; on SQLite nobody else can write, so nothing is asked."""
    if event_ids and supports_skip_locked(tx):
        tx.execute(_LOCK, {"ids": sorted(set(event_ids))})


def write_deaths(tx: Connection, event_ids: Collection[str]) -> None:
    """Write that a dispatch of these events is dead; the events are locked."""
    if event_ids:
        tx.execute(_SET, {"ids": sorted(set(event_ids)), "new_state": EventState.DEAD.value})


def write_states(tx: Connection, event_ids: Collection[str]) -> None:
    """Write what lasts of the states of events that are locked, after their dispatches changed."""
    ids = sorted(set(event_ids))
    if not ids:
        return
    dead = _has_ended(dispatches.c.state == DispatchState.DEAD.value)
    query = select(events.c.id, dead.label("is_dead"), or_(_in_queue(), _has_ended()).label("has_any"))
    found: dict[EventState, list[str]] = {}
    for event_id, is_dead, has_any in tx.execute(query.where(events.c.id.in_(ids))):
        last = EventState.DEAD if is_dead else EventState.SUCCEEDED if has_any else EventState.IGNORED
        found.setdefault(last, []).append(event_id)
    for state, each in sorted(found.items()):
        tx.execute(_SET, {"ids": each, "new_state": state.value})
