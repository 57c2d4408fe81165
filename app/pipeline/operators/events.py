"""Events as the API, the console and the terminal show them: plain JSON values."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.moments import as_text
from app.core.states import EventState
from app.core.storable import is_storable
from app.pipeline.evidence import without_credentials
from app.pipeline.operators.event_search import must_search, read_sought, search_events
from app.pipeline.operators.filters import filter_state, filter_text, filter_time
from app.pipeline.operators.pages import decode_cursor, encode_cursor
from app.pipeline.router import read_on_dead_name
from app.pipeline.services import Services
from app.security.redaction import mask_values, redact_headers
from app.storage.database.db import StoredRow
from app.storage.inbox.events import EventFilter, event_from_row, find_event_row, recent_types
from app.storage.inbox.receipts import find_receipt
from app.storage.queue.dispatches import list_attempts, list_dispatches
from app.storage.queue.event_lists import list_events
from app.storage.queue.event_search import Sought
from app.storage.queue.event_states import event_state_of

ID_LENGTH = 32
TYPES_AMONG = 500


def list_events_page(
    services: Services,
    wanted: Mapping[str, str],
    *,
    cursor: str | None,
    limit: int,
    seconds: float | None = None,
    as_shown: bool = False,
) -> dict[str, Any]:
    """Return one page of event summaries and the cursor of the next; raises RequestError for a bad filter.

    Where no single index finds them (texts, types with a `*`, several filters), the page also says whether and where it
    stopped looking, after about `seconds` (two unless given). `as_shown` looks for texts in what pages show alone.
    """
    filter_ = event_filter(wanted)
    before, sought = decode_cursor(cursor), read_sought(wanted, as_shown=as_shown)
    if sought is not None or must_search(filter_):
        found = search_events(
            services, filter_, sought or Sought(), before=before, limit=limit, seconds=seconds
        )
        return {
            "items": [event_summary(row) for row in found.rows],
            "next_cursor": None if found.end is None else encode_cursor(*found.end),
            "partial": found.is_partial,
            "searched_back_to": as_text(found.end[0]) if found.is_partial and found.end else None,
        }
    with services.database.read() as tx:
        rows = list_events(tx, filter_, before=before, limit=limit + 1)
    page = rows[:limit]
    more = len(rows) > limit
    return {
        "items": [event_summary(row) for row in page],
        "next_cursor": encode_cursor(page[-1].received_at, page[-1].id) if more else None,
    }


def known_types(services: Services) -> list[str]:
    """Return the types of the newest events, to choose from."""
    with services.database.read() as tx:
        return recent_types(tx, limit=TYPES_AMONG)


def event_filter(wanted: Mapping[str, str]) -> EventFilter:
    """Read the parameters that choose events; raises RequestError for a bad one."""
    texts = {name: filter_text(name, wanted.get(name)) for name in ("channel", "type", "q", "subject")}
    return EventFilter(
        channel=texts["channel"],
        type=texts["type"],
        subject=texts["subject"],
        state=filter_state(EventState, wanted.get("state")),
        text=texts["q"],
        since=filter_time("since", wanted.get("since")),
        until=filter_time("until", wanted.get("until")),
    )


def event_summary(row: StoredRow) -> dict[str, Any]:
    """Return an event as lists show it."""
    return {
        "id": row.id,
        "channel": row.channel,
        "platform": row.platform,
        "type": row.type,
        "key": row.key,
        "subject": row.subject,
        "state": row.state,
        "received_at": as_text(row.received_at),
        "occurred_at": as_text(row.occurred_at),
        "duplicates": row.duplicates,
    }


def event_detail(services: Services, event_id: str) -> dict[str, Any] | None:
    """Return an event with its evidence, its dispatches and their attempts."""
    if not is_storable(event_id, ID_LENGTH):
        return None
    with services.database.read() as tx:
        row = find_event_row(tx, event_id)
        if row is None:
            return None
        dispatches = list_dispatches(tx, [event_id])
        attempts = list_attempts(tx, [dispatch.id for dispatch in dispatches])
        receipt = find_receipt(tx, event_id)
    channel = services.channels.get(row.channel)
    secrets = channel.secrets if channel is not None else frozenset()
    event = without_credentials(channel, event_from_row(row))
    return event_summary(row) | {
        "state": event_state_of({dispatch.state for dispatch in dispatches}),
        "scheme": row.scheme,
        "version": row.version,
        "remote_addr": row.remote_addr,
        "data": mask_values(event.data, secrets) if row.data else None,
        "headers": [list(pair) for pair in redact_headers(mask_values(event.headers, secrets))],
        "path_rest": event.path_rest.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        "query": event.query_string.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        "body_base64": base64.b64encode(event.raw).decode() if row.body is not None else None,
        "body_pruned": row.body is None,
        "masked": list(event.masked),
        "receipt": None if receipt is None else _receipt(receipt),
        "dispatches": [
            {
                "id": dispatch.id,
                "route": dispatch.route,
                "on_dead_of": _route_that_died(dispatch.route, dispatches),
                "state": dispatch.state,
                "next_attempt_at": as_text(dispatch.due_at) if dispatch.state != "running" else None,
                "attempts": [_attempt(item) for item in attempts if item.dispatch_id == dispatch.id],
            }
            for dispatch in dispatches
        ],
    }


def _route_that_died(route: str, dispatches: Sequence[StoredRow]) -> str | None:
    """Return whose death made a dispatch, None where nothing died."""
    name = read_on_dead_name(route)
    if name is None:
        return None
    return next((str(each.route) for each in dispatches if each.id == name.dispatch_id), None)


def _receipt(row: StoredRow) -> dict[str, Any]:
    """Return what the platform was answered when it delivered an event last."""
    return {
        "answered_at": as_text(row.answered_at),
        "status": row.status,
        "duration_ms": row.duration_us / 1000,
        "trace_id": row.trace_id,
        "answer": None if row.answer is None else bytes(row.answer).decode("utf-8", "replace"),
    }


def _attempt(row: StoredRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "started_at": as_text(row.started_at),
        "duration_ms": row.duration_ms,
        "outcome": row.outcome,
        "error": row.error,
        "traceback": None if row.traceback is None else bytes(row.traceback).decode("utf-8", "replace"),
        "trigger": row.trigger,
    }
