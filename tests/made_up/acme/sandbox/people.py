"""What the simulated Acme calls the fictional people."""

from __future__ import annotations

from typing import Any

from sandbox.people import PEOPLE, Person
from sandbox.settings import SandboxSettings


def acme_id(person: Person) -> str:
    """Returns the person's id."""
    return f"acme-{person.number}"


def find_by_id(identifier: str) -> Person | None:
    """Returns whoever has this id."""
    return next((person for person in PEOPLE if acme_id(person) == identifier), None)


def identities(person: Person, _settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {"acme_id": acme_id(person)}
