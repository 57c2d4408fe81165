"""What the simulated provider knows of the fictional people: an integer id and a balance, which top-ups raise."""

from __future__ import annotations

from typing import Any

from sandbox.people import Person
from sandbox.settings import SandboxSettings
from sandbox.state import SandboxState

# Quota and used quota, in thousandths of a yuan, before anybody tops up.
BALANCES = {
    "linxiao": (1_000_000, 250_000),
    "chenyutong": (320_000, 319_500),
    "wangzimo": (0, 0),
    "maya": (50_000_000, 1),
}


def balance(state: SandboxState, person: Person) -> tuple[int, int]:
    """Returns quota and used quota of a person, top-ups included."""
    quota, used = BALANCES.get(person.key, (0, 0))
    with state.lock:
        return quota + int(_topped_up(state).get(person.key, 0)), used


def top_up(state: SandboxState, person: Person, units: int) -> None:
    """Adds to a person's balance."""
    with state.lock:
        kept = _topped_up(state)
        kept[person.key] = kept.get(person.key, 0) + units


def identities(person: Person, _settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {"oauth2_id": person.number}


def _topped_up(state: SandboxState) -> dict[str, Any]:
    return state.shelf("oauth2.topped_up")
