"""What an operator may ask of a replay: read and checked here for the API and the terminal alike.

Every bad value is a RequestError with a stable word and a sentence that says what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import RequestError
from app.core.moments import as_text
from app.core.states import DispatchState, EventState
from app.pipeline.operators.events import event_filter
from app.pipeline.operators.filters import read_reason
from app.pipeline.services import Services
from app.storage.inbox.events import EventFilter

FILTER_KEYS = ("channel", "type", "state", "q", "since", "until")
STATES = {
    "all": frozenset(state.value for state in DispatchState),
    "dead": frozenset({DispatchState.DEAD.value}),
}
DEFAULT_RATE = 100.0
LEAST_RATE, MOST_RATE = 0.1, 10_000
MOST_AT_ONCE = 10_000
"""Events that one request may replay; the terminal may replay any number."""


@dataclass(frozen=True, slots=True)
class ReplayOrder:
    """Who wants a replay and why, and of what: `states` are those of the dispatches; `rate` is events a second."""

    actor: str
    reason: str
    route: str | None = None
    states: frozenset[str] = STATES["all"]
    rate: float | None = None
    trace_id: str = ""


def read_order(
    services: Services, values: Mapping[str, Any], *, actor: str, trace_id: str = ""
) -> ReplayOrder:
    """Read reason, route, dispatches and rate."""
    return ReplayOrder(
        actor=actor,
        reason=read_reason(values.get("reason")),
        route=_route(services, values.get("route")),
        states=_states(values.get("dispatches", "all")),
        rate=_rate(values.get("rate")),
        trace_id=trace_id,
    )


def bulk_defaults(wanted: EventFilter) -> dict[str, Any]:
    """Return what a replay of many does unless told otherwise: slowly, and of dead letters only what is dead."""
    return {"rate": DEFAULT_RATE, "dispatches": "dead" if wanted.state is EventState.DEAD else "all"}


def read_filter(values: Mapping[str, Any]) -> EventFilter:
    """Read which events are meant; without a state, the dead letters."""
    given = {name: value for name, value in values.items() if value is not None}
    for name, value in given.items():
        if name not in FILTER_KEYS or not isinstance(value, str) or not value:
            raise RequestError("bad_filter", f"filter may hold {', '.join(FILTER_KEYS)}, each a text.")
    return event_filter({"state": EventState.DEAD.value} | given)


def read_limit(value: Any, *, most: int | None = MOST_AT_ONCE) -> int | None:
    """Read how many events at the most, None for all that are found."""
    if value is None:
        return None
    if (
        not isinstance(value, int)
        or isinstance(value, bool)
        or value < 1
        or (most is not None and value > most)
    ):
        raise RequestError("bad_limit", f"limit must be a whole number from 1 to {most or 'any'}.")
    return int(value)


def read_dry_run(value: Any) -> bool:
    """Read whether this is only a look."""
    if not isinstance(value, bool):
        raise RequestError("bad_dry_run", "dry_run must be true or false.")
    return value


def filter_as_json(wanted: EventFilter) -> dict[str, Any]:
    """Return a filter as audit entries show it."""
    given = {
        "channel": wanted.channel,
        "type": wanted.type,
        "state": None if wanted.state is None else wanted.state.value,
        "q": wanted.text,
        "since": as_text(wanted.since),
        "until": as_text(wanted.until),
    }
    return {name: value for name, value in given.items() if value is not None}


def _route(services: Services, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or services.find_route(value) is None:
        raise RequestError("unknown_route", "route must be the name of a route that is loaded now.")
    return value


def _states(value: Any) -> frozenset[str]:
    if not isinstance(value, str) or value not in STATES:
        raise RequestError("bad_dispatches", "dispatches must be all or dead.")
    return STATES[value]


def _rate(value: Any) -> float | None:
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not LEAST_RATE <= value <= MOST_RATE:
        raise RequestError(
            "bad_rate", f"rate must be a number of events a second, {LEAST_RATE} to {MOST_RATE}."
        )
    return float(value)
