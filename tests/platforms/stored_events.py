"""Stored events as handlers see them, for tests of what a connector reads in one."""

from __future__ import annotations

from typing import Any

from app.core.values import Event
from tests.platforms.deliveries import NOW


def event_of(**changes: Any) -> Event:
    """Return an event with these fields."""
    usual: dict[str, Any] = {
        "id": "evt_1", "channel": "c", "platform": "p", "type": "t", "key": "k", "subject": None, "occurred_at": None,
        "received_at": NOW, "data": {}, "raw": b"{}", "headers": (),
    }  # fmt: skip
    return Event(**usual | changes)
