"""Dead letters as people see them: events that failed for good, where, why, after how many attempts and since when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.moments import as_text
from app.core.states import EventState
from app.pipeline.operators.events import list_events_page
from app.pipeline.services import Services
from app.storage.database.db import StoredRow
from app.storage.queue.dead_letters import list_dead_dispatches


def list_dead_letters_page(
    services: Services,
    wanted: Mapping[str, str],
    *,
    cursor: str | None,
    limit: int,
    seconds: float | None = None,
    as_shown: bool = False,
) -> dict[str, Any]:
    """Return one page of dead events, newest first, each with `failures`; takes the filter of the events list."""
    page = list_events_page(
        services,
        dict(wanted) | {"state": EventState.DEAD.value},
        cursor=cursor,
        limit=limit,
        seconds=seconds,
        as_shown=as_shown,
    )
    with services.database.read() as tx:
        rows = list_dead_dispatches(tx, [item["id"] for item in page["items"]])
    return page | {
        "items": [
            item | {"failures": [_failure(row) for row in rows if row.event_id == item["id"]]}
            for item in page["items"]
        ],
    }


def _failure(row: StoredRow) -> dict[str, Any]:
    return {
        "route": row.route,
        "attempts": row.attempt,
        "error": row.error,
        "since": as_text(row.finished_at),
    }
