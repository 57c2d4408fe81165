"""What the simulated Alipay calls the fictional people: an OpenID for each application, and the older 2088 number."""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.people import Person
from sandbox.settings import SandboxSettings


def open_id(person: Person, app_id: str) -> str:
    """Returns the id of a person in one application."""
    return "0" + hashlib.sha256(f"alipay/{app_id}/{person.key}".encode()).hexdigest()[:47]


def user_id(person: Person) -> str:
    """Returns the account's number, which older applications get."""
    return f"2088{person.number:012d}"


def identities(person: Person, settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {"alipay_open_id": open_id(person, settings["ALIPAY_APP_ID"]), "alipay_user_id": user_id(person)}
