"""What the simulated WeChat calls the fictional people.

Identifiers are derived from the person and the application, so one person has a different OpenID in every
application and the same UnionID everywhere, as on the real platform. No state lives here.
"""

from __future__ import annotations

from typing import Any

from sandbox.people import PEOPLE, Person
from sandbox.settings import SandboxSettings
from sandbox.tencent_messages import identifier


def open_id(person: Person, app_id: str) -> str:
    """Returns the OpenID of a person for one application: 28 characters that start with o."""
    return identifier("wechat", "open", app_id, person.key)


def union_id(person: Person) -> str:
    """Returns the id shared inside one Open Platform account."""
    return identifier("wechat", "union", person.key)


def find_by_open_id(identifier: str, app_id: str) -> Person | None:
    """Returns whoever has this OpenID in this application."""
    return next((person for person in PEOPLE if open_id(person, app_id) == identifier), None)


def identities(person: Person, settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {
        "wechat_open_id": open_id(person, settings["WECHAT_APP_ID"]),
        "wechat_union_id": union_id(person),
    }
