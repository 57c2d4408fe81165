"""What the simulated GitHub calls the fictional people: a number for life, and a login name that could change."""

from __future__ import annotations

from typing import Any

from sandbox.people import Person
from sandbox.settings import SandboxSettings


def number(person: Person) -> int:
    """Returns a person's id."""
    return 583_000_000 + person.number


def account(person: Person) -> dict[str, Any]:
    """Returns a person as events name one."""
    return {"login": person.key, "id": number(person), "type": "User", "site_admin": False}


def profile(person: Person, settings: SandboxSettings) -> dict[str, Any]:
    """Returns what `GET /user` says; most people show no mail address."""
    return account(person) | {
        "name": person.name_en,
        "avatar_url": f"{settings.sandbox_url}/people/{person.key}.svg",
        "html_url": f"https://github.com/{person.key}",
        "company": None,
        "email": None,
    }


def identities(person: Person, _settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {"github_id": number(person)}
