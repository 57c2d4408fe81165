"""What the simulated DingTalk calls the fictional people: an OpenID for each application, one UnionID, and the id in the company."""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.people import Person
from sandbox.settings import SandboxSettings


def open_id(person: Person, app_key: str) -> str:
    """Returns the id of a person in one application."""
    return hashlib.sha256(f"dingtalk/{app_key}/{person.key}".encode()).hexdigest()[:24]


def union_id(person: Person) -> str:
    """Returns the id shared by all applications of one developer."""
    return hashlib.sha256(f"dingtalk-union/{person.key}".encode()).hexdigest()[:28]


def user_id(person: Person) -> str:
    """Returns the id inside the company."""
    return f"manager{person.number}"


def identities(person: Person, settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {
        "dingtalk_open_id": open_id(person, settings["DINGTALK_APP_KEY"]),
        "dingtalk_union_id": union_id(person),
        "dingtalk_user_id": user_id(person),
    }
