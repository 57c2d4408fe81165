"""What the simulated Feishu calls the fictional people.

Identifiers are derived from the person and the application, so one person has a different OpenID in every
application and the same UnionID everywhere, as on the real platform. No state lives here.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.people import PEOPLE, Person
from sandbox.settings import SandboxSettings


def open_id(person: Person, app_id: str) -> str:
    """Returns the OpenID of a person in one application."""
    return "ou_" + _digest("feishu", app_id, person.key)[:32]


def union_id(person: Person) -> str:
    """Returns the id shared by all applications of one developer."""
    return "on_" + _digest("feishu-union", person.key)[:32]


def user_id(person: Person) -> str:
    """Returns the id inside the tenant."""
    return _digest("feishu-user", person.key)[:8]


def find_by_identifier(identifier: str, app_id: str) -> Person | None:
    """Returns whoever has this OpenID, UnionID, user id or e-mail address."""
    for person in PEOPLE:
        if identifier in {open_id(person, app_id), union_id(person), user_id(person), person.email}:
            return person
    return None


def identities(person: Person, settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {
        "feishu_open_id": open_id(person, settings["FEISHU_APP_ID"]),
        "feishu_union_id": union_id(person),
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()
