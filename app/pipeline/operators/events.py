"""Events, rejections and channels as the API, the console and the terminal show them: plain JSON values."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from app.core.errors import RequestError
from app.core.moments import as_text, iso_moment
from app.core.states import EventState
from app.core.storable import is_storable
from app.pipeline.evidence import refused_body, without_credentials
from app.pipeline.operators.pages import bad_cursor, decode_cursor, encode_cursor
from app.pipeline.operators.remedies import in_both, remedy_of
from app.pipeline.router import read_on_dead_name
from app.pipeline.services import Services
from app.security.redaction import mask_values, redact_headers
from app.storage.database.db import StoredRow
from app.storage.inbox.events import EventFilter, event_from_row, find_event_row
from app.storage.inbox.rejections import list_rejections
from app.storage.queue.dispatches import list_attempts, list_dispatches
from app.storage.queue.event_lists import list_events
from app.storage.queue.event_states import event_state_of

LONGEST_FILTER = 1000
ID_LENGTH = 32


def list_events_page(
    services: Services, wanted: Mapping[str, str], *, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return one page of event summaries and the cursor of the next; raises RequestError for a bad filter."""
    filter_ = event_filter(wanted)
    before = decode_cursor(cursor)
    with services.database.read() as tx:
        rows = list_events(tx, filter_, before=before, limit=limit + 1)
    page = rows[:limit]
    more = len(rows) > limit
    return {
        "items": [event_summary(row) for row in page],
        "next_cursor": encode_cursor(page[-1].received_at, page[-1].id) if more else None,
    }


def event_filter(wanted: Mapping[str, str]) -> EventFilter:
    """Read the parameters that choose events; raises RequestError for a bad one."""
    for name in ("channel", "type", "q"):
        if not is_storable(wanted.get(name, ""), LONGEST_FILTER):
            raise RequestError(
                "bad_filter",
                f"{name} must be text of {LONGEST_FILTER} characters at most, without NUL and half characters.",
            )
    return EventFilter(
        channel=wanted.get("channel"),
        type=wanted.get("type"),
        state=_state(wanted.get("state")),
        text=wanted.get("q"),
        since=_time("since", wanted.get("since")),
        until=_time("until", wanted.get("until")),
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


def list_rejections_page(
    services: Services, channel: str | None, *, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return one page of refused deliveries."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):  # noqa: PLR2004
        raise bad_cursor()
    with services.database.read() as tx:
        rows = list_rejections(tx, channel=channel, before=int(cursor) if cursor else None, limit=limit + 1)
    page = rows[:limit]
    return {
        "items": [_rejection(services, row) for row in page],
        "next_cursor": str(page[-1].id) if len(rows) > limit else None,
    }


def _rejection(services: Services, row: StoredRow) -> dict[str, Any]:
    # Those kept before bodies were masked are masked here.
    body = refused_body(services.channels.get(row.channel), bytes(row.body_start))
    remedy = remedy_of(services, row)
    return {
        "id": row.id,
        "channel": row.channel,
        "status": row.status,
        "error": row.error,
        "reason": row.reason,
        "cause": in_both(remedy.cause),
        "cure": in_both(remedy.cure),
        "method": row.method,
        "path": row.path,
        "remote_addr": row.remote_addr,
        "received_at": as_text(row.received_at),
        "headers": orjson.loads(row.headers),
        "body_base64": base64.b64encode(body).decode(),
        "body_length": row.body_length,
        "trace_id": row.trace_id,
    }


def _state(text: str | None) -> EventState | None:
    if text is None:
        return None
    if text not in set(EventState):
        raise RequestError("bad_state", "state must be one of " + ", ".join(EventState) + ".")
    return EventState(text)


def _time(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return iso_moment(text)
    except ValueError:
        raise RequestError(
            "bad_time",
            f"{name} must be a time such as 2026-01-31T08:00:00Z, in UTC within the years 1 to 9999; in an address a + is "
            "written %2B.",
        ) from None
