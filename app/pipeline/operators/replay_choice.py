"""What a replay of one event would do, told before anybody decides: which of its ways run again, which could run besides."""

from __future__ import annotations

from typing import Literal, NamedTuple

from app.core.states import DispatchState
from app.pipeline.operators.events import ID_LENGTH
from app.pipeline.operators.replay import chosen_dispatches, preview_event
from app.pipeline.operators.replay_order import ReplayOrder
from app.pipeline.services import Services
from app.storage.inbox.events import EventFilter, find_replayable
from app.storage.queue.replay_counts import TypeCount, count_by_type
from app.storage.queue.replays import list_dispatches_of

Fate = Literal["again", "running", "named", "new", "gone"]


class Way(NamedTuple):
    """One route of an event, how it stands there, and what becomes of it.

    `again` runs again, `running` runs now and is left alone, `named` only runs when it is chosen, `new` has not taken the
    event yet, `gone` is a route that is loaded no more.
    """

    route: str
    state: str | None
    fate: Fate


def ways_of_event(services: Services, event_id: str) -> list[Way]:
    """Return the ways of an event as a replay of all of them finds them; raises RefusedError 404, 409."""
    preview_event(services, event_id)
    with services.database.read() as tx:
        row = find_replayable(tx, event_id[:ID_LENGTH])
        stored = list_dispatches_of(tx, [event_id])
    order = ReplayOrder(actor="", reason="")
    chosen = {item.id for item in chosen_dispatches(stored, order)}
    ways = [
        Way(item.route, item.state, _fate(services, item.route, item.state, is_chosen=item.id in chosen))
        for item in stored
    ]
    known = {way.route for way in ways}
    matching = () if row is None else services.matching(row.channel, row.platform, row.type, row.version)
    fresh: Fate = "new" if ways else "again"
    return ways + [Way(route.name, None, fresh) for route in matching if route.name not in known]


def _fate(services: Services, route: str, state: str, *, is_chosen: bool) -> Fate:
    if services.find_route(route) is None:
        return "gone"
    if state == DispatchState.RUNNING.value:
        return "running"
    return "again" if is_chosen else "named"


def events_by_type(services: Services, wanted: EventFilter, *, most: int) -> list[TypeCount]:
    """Return what a filter finds by channel and type, the most frequent first; only the oldest `most` events are counted."""
    with services.database.read() as tx:
        found = count_by_type(tx, wanted, most=most)
    return sorted(found, key=lambda each: (-each.number, each.channel, each.type))


def route_names(services: Services) -> list[str]:
    """Return the routes that a replay can be narrowed to."""
    routes = (*services.router.routes, *services.destinations, *services.notifications)
    return sorted({route.name for route in routes})
