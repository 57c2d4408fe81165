"""What the simulated company calls the fictional people, and the OpenID that somebody who is no member gets instead."""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.people import PEOPLE, Person
from sandbox.settings import SandboxSettings

DEPARTMENTS = {"1": PEOPLE, "2": PEOPLE[:2]}
TAGS = {"1": PEOPLE[2:]}
"""Who is in a department, and who has a tag, by their numbers."""


def user_id(person: Person) -> str:
    """Returns the member's id, as an administrator typed it."""
    return person.key


def outsider_open_id(person: Person, corp_id: str) -> str:
    """Returns what a company is told about somebody who is no member."""
    return "o" + hashlib.sha256(f"{corp_id}/{person.key}".encode()).hexdigest()[:27]


def find_member(identifier: str) -> Person | None:
    """Returns the member of this id; the platform does not mind capitals."""
    return next((person for person in PEOPLE if user_id(person).lower() == identifier.lower()), None)


def identities(person: Person, _settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {"wecom_user_id": user_id(person)}
