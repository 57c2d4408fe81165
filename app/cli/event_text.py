"""How a terminal shows one event: JSON that a program can read, in which a person can read the tracebacks."""

from __future__ import annotations

import json
from typing import Any

from app.core.visible import visible


def event_text(detail: dict[str, Any]) -> str:
    """Return an event as JSON; each line of a traceback is a text of its own."""
    dispatches = [
        each | {"attempts": [_attempt(attempt) for attempt in each["attempts"]]}
        for each in detail["dispatches"]
    ]
    return visible(json.dumps(detail | {"dispatches": dispatches}, indent=2, ensure_ascii=False))


def _attempt(attempt: dict[str, Any]) -> dict[str, Any]:
    traceback = attempt["traceback"]
    return attempt | {"traceback": None if traceback is None else traceback.split("\n")}
