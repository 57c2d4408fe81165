"""What the simulated Gitee calls the fictional people: a number for life, and a login name that could change."""

from __future__ import annotations

from typing import Any

from sandbox.people import Person
from sandbox.settings import SandboxSettings


def number(person: Person) -> int:
    """Returns a person's id."""
    return 7_700_000 + person.number


def account(person: Person) -> dict[str, Any]:
    """Returns a person as events name one."""
    return {
        "id": number(person),
        "login": person.key,
        "name": person.name_zh,
        "username": person.key,
        "user_name": person.key,
        "email": person.email,
        "html_url": f"https://gitee.com/{person.key}",
        "url": f"https://gitee.com/{person.key}",
        "type": "User",
        "site_admin": False,
    }


def profile(person: Person, settings: SandboxSettings) -> dict[str, Any]:
    """Returns what `GET /api/v5/user` says; most people show no mail address."""
    return {
        "id": number(person),
        "login": person.key,
        "name": person.name_zh,
        "avatar_url": f"{settings.sandbox_url}/people/{person.key}.svg",
        "html_url": f"https://gitee.com/{person.key}",
        "type": "User",
        "email": None,
        "bio": "",
    }


def identities(person: Person, _settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {"gitee_id": number(person)}
