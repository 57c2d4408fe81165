"""Destinations as operators see them, and resuming one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from app.core.errors import RefusedError
from app.pipeline.forwarding.destinations import DestinationRoute, route_name
from app.pipeline.health import after_resume
from app.pipeline.services import Services
from app.storage.database.db import Transaction
from app.storage.destination_states import DestinationState, list_states, lock_state, write_state
from app.storage.queue.waiting import count_waiting, release_route

OPEN, BREAKER, PAUSED = "open", "breaker", "paused"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DestinationView:
    """One line of the list: `status` is open, breaker or paused; `reason` says why it is not open."""

    name: str
    url: str
    match: tuple[str, ...]
    status: str
    reason: str
    failures: int
    waiting: int
    since: datetime | None


def list_destinations(services: Services) -> list[DestinationView]:
    """Return every configured destination with where it stands and how much waits for it."""
    now = services.clock.now()
    with services.database.read() as tx:
        states = {state.name: state for state in list_states(tx)}
        waiting = count_waiting(tx, [route.name for route in services.destinations])
    return [
        _view(route, states, waiting.get(route.name, 0), now)
        for route in services.destinations
        if isinstance(route, DestinationRoute)
    ]


def destination_statuses(services: Services) -> dict[str, str]:
    """Return the state of every configured destination by its name."""
    with services.database.read() as tx:
        states = {state.name: state for state in list_states(tx)}
    names = [route.config.name for route in services.destinations if isinstance(route, DestinationRoute)]
    return {name: _status(states.get(name, DestinationState(name))) for name in names}


def _status(state: DestinationState) -> str:
    if state.paused_at is not None:
        return PAUSED
    return OPEN if state.open_until is None else BREAKER


def _view(
    route: DestinationRoute, states: dict[str, DestinationState], waiting: int, now: datetime
) -> DestinationView:
    config = route.config
    state = states.get(config.name, DestinationState(config.name))
    status, reason, since = _status(state), "", state.last_failure_at
    if state.paused_at is not None:
        reason, since = state.pause_reason or "", state.paused_at
    elif state.open_until is not None:
        probing = "" if state.open_until > now else "; the next delivery is a probe"
        reason = f"{state.last_error or ''}{probing}"
    return DestinationView(
        name=config.name,
        url=config.url,
        match=config.match,
        status=status,
        reason=reason,
        failures=state.failures,
        waiting=waiting,
        since=since,
    )


def resume_destination(services: Services, name: str) -> int:
    """Let forwarding to a destination start anew and make what waits due; return how many waited.

    Raises RefusedError when no destination has that name.
    """
    if services.find_route(route_name(name)) is None:
        raise RefusedError("unknown_destination", f"No destination is called {name}.", http_status=404)
    now = services.clock.now()

    def resume(tx: Transaction) -> int:
        write_state(tx, after_resume(lock_state(tx, name)))
        return release_route(tx, route_name(name), now)

    released = services.database.run(resume)
    services.runtime.wake()
    log.info("destination_resumed", destination=name, released=released)
    return released
