"""How channels that send are doing: which are left alone and until when, which failed last, and with which words."""

from __future__ import annotations

from typing import Any

from app.core.moments import as_text
from app.core.sending import Sender
from app.pipeline.sending.breaker import NAME_PREFIX
from app.pipeline.services import Services
from app.storage.destination_states import list_states_if_there


def sending_health(services: Services) -> dict[str, dict[str, Any]]:
    """Return for each channel that sends its state in one word, and what is known about it; `ok` where nothing failed lately."""
    with services.database.read() as tx:
        known = {
            state.name: state for state in list_states_if_there(tx) if state.name.startswith(NAME_PREFIX)
        }
    now, found = services.clock.now(), dict[str, dict[str, Any]]()
    for channel in services.channels:
        if channel.as_capability(Sender) is None:
            continue
        state = known.get(NAME_PREFIX + channel.name)
        until = (
            None if state is None or state.open_until is None or state.open_until <= now else state.open_until
        )
        failures = 0 if state is None else state.failures
        is_well = state is None or (until is None and not failures)
        found[channel.name] = {
            "state": "ok" if is_well else "left_alone" if until is not None else "failing",
            "until": as_text(until),
            "failures": failures,
            "last_failure_at": None if state is None else as_text(state.last_failure_at),
            "last_error": None if state is None else state.last_error,
        }
    return found
