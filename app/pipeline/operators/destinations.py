"""Destinations as operators see them; pausing, resuming and testing one. All of it is audited."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from app.core.errors import CallgateError, RefusedError
from app.core.exact_json import write_json
from app.core.identifiers import new_id
from app.core.moments import as_text
from app.core.values import Event
from app.pipeline.forwarding.destinations import DestinationRoute, route_name
from app.pipeline.health import after_resume
from app.pipeline.operators.filters import read_reason
from app.pipeline.own_events import OWN_CHANNEL
from app.pipeline.services import Services
from app.security.redaction import redact_text
from app.storage.audit import write_audit
from app.storage.database.db import Transaction
from app.storage.destination_states import DestinationState, list_states, lock_state, write_state
from app.storage.queue.waiting import count_waiting, release_route

OPEN, BREAKER, PAUSED = "open", "breaker", "paused"
GOOD = range(200, 300)

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


def destination_json(view: DestinationView) -> dict[str, Any]:
    """Return a destination as JSON shows it."""
    return {
        "name": view.name,
        "url": view.url,
        "match": list(view.match),
        "state": view.status,
        "reason": view.reason or None,
        "failures": view.failures,
        "waiting": view.waiting,
        "since": as_text(view.since),
    }


def resume_destination(services: Services, name: str, *, actor: str) -> int:
    """Let forwarding to a destination start anew and make what waits due, audited; return how many waited.

    Raises RefusedError when no destination has that name.
    """
    _named(services, name)
    now = services.clock.now()

    def resume(tx: Transaction) -> int:
        write_state(tx, after_resume(lock_state(tx, name)))
        released = release_route(tx, route_name(name), now)
        detail = {"released": released}
        write_audit(tx, at=now, actor=actor, action="destination.resumed", target=name, detail=detail)
        return released

    released = services.database.run(resume)
    services.runtime.wake()
    log.info("destination_resumed", destination=name, released=released)
    return released


def pause_destination(services: Services, name: str, *, reason: object, actor: str) -> None:
    """Forward nothing to a destination until it is resumed, on every process, audited.

    What is under way ends as it does. Raises RefusedError for an unknown name or one that is paused, RequestError
    without a reason.
    """
    _named(services, name)
    why, now = read_reason(reason), services.clock.now()

    def pause(tx: Transaction) -> None:
        state = lock_state(tx, name)
        if state.paused_at is not None:
            message = f"{name} is paused already: {state.pause_reason or 'no reason was given'}"
            raise RefusedError("destination_paused", message, http_status=409)
        write_state(tx, replace(state, paused_at=now, pause_reason=f"paused by {actor}: {why}"))
        detail = {"reason": why}
        write_audit(tx, at=now, actor=actor, action="destination.paused", target=name, detail=detail)

    services.database.run(pause)
    log.warning("destination_paused", destination=name, actor=actor)


def try_destination(services: Services, name: str, *, actor: str) -> dict[str, Any]:
    """Send a destination one signed event of the type callgate.test now, audited, and say what it answered.

    Pauses, breakers and rates are passed over, and the answer changes none of them. Raises RefusedError for an unknown
    name.
    """
    route, now = _named(services, name), services.clock.now()
    started = time.monotonic()
    try:
        status: int | None = route.send_once(_test_event(now)).status
        error = None
    except CallgateError as refused:
        status, error = None, redact_text(refused.message)
    taken = status is not None and status in GOOD
    outcome = "done" if taken else "failed"
    with services.database.begin() as tx:
        write_audit(tx, at=now, actor=actor, action="destination.tested", target=name, outcome=outcome)
    milliseconds = round((time.monotonic() - started) * 1000)
    return {"name": name, "taken": taken, "status": status, "error": error, "duration_ms": milliseconds}


def _test_event(now: datetime) -> Event:
    event_id = new_id(now)
    data = {"note": "A test of this destination by an operator; nothing has happened."}
    return Event(
        id=event_id,
        channel=OWN_CHANNEL,
        platform=OWN_CHANNEL,
        type="test",
        key=event_id,
        subject=None,
        occurred_at=now,
        received_at=now,
        data=data,
        raw=write_json(data),
        headers=(),
        version="v1",
    )


def _named(services: Services, name: str) -> DestinationRoute:
    found = next((route for route in services.destinations if route.name == route_name(name)), None)
    if not isinstance(found, DestinationRoute):
        raise RefusedError("unknown_destination", f"No destination is called {name[:64]}.", http_status=404)
    return found
