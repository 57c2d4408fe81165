"""The one rule that leads from the states of an event's dispatches to the state of the event.

Whoever changes dispatches locks their events first, writes, and then lets the states be derived. Two that finish
different dispatches of one event so come one after the other, and the second sees what the first wrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select

from app.core.states import DispatchState, EventState
from app.storage.database.db import supports_skip_locked
from app.storage.inbox.events import events
from app.storage.queue.dispatches import dispatches

# Built once, here and below: putting a statement together costs more than running it.
_LOCK_EVENTS = (
    select(events.c.id)
    .where(events.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(events.c.id)
    .with_for_update()
)
_STATES = select(dispatches.c.event_id, dispatches.c.state).where(
    dispatches.c.event_id.in_(bindparam("ids", expanding=True))
)
_SET_STATE = (
    events.update()
    .where(events.c.id.in_(bindparam("ids", expanding=True)))
    .values(state=bindparam("new_state"))
)


def lock_events(tx: Connection, event_ids: Collection[str]) -> None:
    """Lock events in the order of their ids; on SQLite nobody else can write, so nothing is asked."""
    if event_ids and supports_skip_locked(tx):
        tx.execute(_LOCK_EVENTS, {"ids": sorted(set(event_ids))})


def derive_event_states(tx: Connection, event_ids: Collection[str]) -> None:
    """Write the states of events that this transaction has locked, as their dispatches have it now."""
    if not event_ids:
        return
    found: dict[str, set[str]] = {event_id: set() for event_id in event_ids}
    for event_id, state in tx.execute(_STATES, {"ids": list(found)}):
        found[event_id].add(state)
    ids_by_state: dict[str, list[str]] = defaultdict(list)
    for event_id, states in found.items():
        ids_by_state[event_state_of(states).value].append(event_id)
    for state, ids in sorted(ids_by_state.items()):
        tx.execute(_SET_STATE, {"ids": ids, "new_state": state})


def event_state_of(states: set[str]) -> EventState:
    """Return the state of an event whose dispatches are in these states; the worst news wins."""
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
