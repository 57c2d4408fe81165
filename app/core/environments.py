"""The environments of one company, dev, test and prod: how a request says which one it is from."""

from __future__ import annotations

from collections.abc import Iterable

ENVIRONMENT_HEADER = "X-Callgate-Environment"
"""Sent with every forward and every result. It guards against mistakes, not against attackers: nobody signs it."""

LONGEST = 16


def other_environment(headers: Iterable[tuple[str, str]], own: str) -> str | None:
    """Return the environment that a request says it is from, None when it says nothing or ours."""
    for name, value in headers:
        if name == ENVIRONMENT_HEADER and value.strip().lower() != own:
            return value.strip()[:LONGEST]
    return None
