"""What the simulated GitLab calls the fictional people: a number for life, and a user name that could change."""

from __future__ import annotations

from typing import Any

from sandbox.people import Person
from sandbox.settings import SandboxSettings


def number(person: Person) -> int:
    """Returns a person's id."""
    return 4_200_000 + person.number


def user(person: Person) -> dict[str, Any]:
    """Returns a person as events name one."""
    return {
        "id": number(person),
        "name": person.name_en,
        "username": person.key,
        "avatar_url": f"https://gitlab.example.com/uploads/-/system/user/avatar/{number(person)}/avatar.png",
        "email": "[REDACTED]",
    }


def profile(person: Person, settings: SandboxSettings) -> dict[str, Any]:
    """Returns what `GET /api/v4/user` says."""
    return {
        "id": number(person),
        "username": person.key,
        "name": person.name_en,
        "state": "active",
        "avatar_url": f"{settings.sandbox_url}/people/{person.key}.svg",
        "web_url": f"https://gitlab.example.com/{person.key}",
        "email": person.email,
        "confirmed_at": "2024-01-01T00:00:00.000Z",
    }


def claims(person: Person, settings: SandboxSettings, scope: str) -> dict[str, Any]:
    """Returns what `/oauth/userinfo` says, as much of it as the scope allows."""
    known: dict[str, Any] = {"sub": str(number(person)), "sub_legacy": f"legacy-{person.key}"}
    if "profile" in scope.split():
        known |= {
            "name": person.name_en,
            "nickname": person.key,
            "preferred_username": person.key,
            "profile": f"https://gitlab.example.com/{person.key}",
            "picture": f"{settings.sandbox_url}/people/{person.key}.svg",
            "groups": ["acme"],
        }
    if "email" in scope.split():
        known |= {"email": person.email, "email_verified": True}
    return known


def identities(person: Person, _settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {"gitlab_id": number(person)}
