"""A gateway that proves, parses and answers, and stores nothing: what is left of a callback when the database costs nothing.

Loaded as a module of handlers into the serving processes; it has no handlers. For measuring how processes add up, see cases.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.handlers import Router
from app.pipeline.inbound import on_loop
from app.storage.queue.acceptance import Acceptance, Accepted

router = Router()


def accepted_by_nobody(_tx: Any, items: Sequence[Acceptance]) -> list[Accepted]:
    """Say of each event that it is new, without a word to the database; its batch, its thread and its commit stay."""
    return [Accepted(item.new.event.id, is_new=True) for item in items]


vars(on_loop)["accept_many"] = accepted_by_nobody
