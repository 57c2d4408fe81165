"""Rejections as the API, the console and the terminal show them: one by one, and grouped by their cause."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from app.core.errors import RefusedError
from app.core.moments import as_text
from app.pipeline.evidence import refused_body, refused_path
from app.pipeline.operators.filters import filter_text, filter_time
from app.pipeline.operators.pages import DIGITS, id_cursor
from app.pipeline.operators.remedies import in_both, remedy_of
from app.pipeline.services import Services
from app.storage.database.db import StoredRow
from app.storage.inbox.rejections import count_rejections, find_rejection, list_rejections

GROUPED = 20_000
"""Rejections that are looked at for groups; the newest ones, of all channels together."""

LONGEST_WORD = 64


def list_rejections_page(
    services: Services,
    channel: str | None,
    *,
    cursor: str | None,
    limit: int,
    since: str | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """Return one page of refused deliveries, newest first; `reason` is the word that a cause has as a group.

    Raises RequestError for a bad filter.
    """
    before = id_cursor(cursor)
    chosen, after = _narrowed(channel, since)
    word = filter_text("reason", reason, longest=LONGEST_WORD)
    with services.database.read() as tx:
        rows = list_rejections(tx, channel=chosen, since=after, word=word, before=before, limit=limit + 1)
    page = rows[:limit]
    return {
        "items": [_rejection(services, row) for row in page],
        "next_cursor": str(page[-1].id) if len(rows) > limit else None,
    }


def show_rejection(services: Services, rejection_id: str) -> dict[str, Any]:
    """Return one refused delivery; raises RefusedError 404."""
    is_number = rejection_id.isascii() and rejection_id.isdigit() and len(rejection_id) < DIGITS
    with services.database.read() as tx:
        row = find_rejection(tx, int(rejection_id)) if is_number else None
    if row is None:
        raise RefusedError(
            "unknown_rejection", "There is no refused delivery of this number any more.", http_status=404
        )
    return _rejection(services, row)


def grouped_rejections(
    services: Services, *, channel: str | None = None, since: str | None = None
) -> dict[str, Any]:
    """Return the causes of what was refused, the most frequent first; raises RequestError for a bad filter.

    A cause is what stands before the colon of a reason; `example` is the sentence of the newest one.
    """
    chosen, after = _narrowed(channel, since)
    with services.database.read() as tx:
        rows = count_rejections(tx, channel=chosen, since=after, newest=GROUPED)
    groups = _groups(rows)
    return {"items": sorted(groups, key=lambda each: (-each["count"], each["channel"], each["reason"]))}


def _groups(rows: Iterable[StoredRow]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: -row.last_id):
        word = row.reason.partition(":")[0]
        group = found.setdefault(
            (row.channel, row.error, word),
            {
                "channel": row.channel,
                "error": row.error,
                "reason": word,
                "count": 0,
                "example": row.reason,
                "last_id": row.last_id,
                "first_at": row.first_at,
                "last_at": row.last_at,
            },
        )
        group["count"] += row.count
        group["first_at"] = min(group["first_at"], row.first_at)
        group["last_at"] = max(group["last_at"], row.last_at)
    return [
        group | {"first_at": as_text(group["first_at"]), "last_at": as_text(group["last_at"])}
        for group in found.values()
    ]


def _narrowed(channel: str | None, since: str | None) -> tuple[str | None, datetime | None]:
    return filter_text("channel", channel, longest=64), filter_time("since", since)


def _rejection(services: Services, row: StoredRow) -> dict[str, Any]:
    # Those kept before bodies and paths were masked are masked here.
    channel = services.channels.get(row.channel)
    body = refused_body(channel, bytes(row.body_start))
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
        "path": refused_path(channel, row.path),
        "remote_addr": row.remote_addr,
        "received_at": as_text(row.received_at),
        "headers": orjson.loads(row.headers),
        "body_base64": base64.b64encode(body).decode(),
        "body_length": row.body_length,
        "trace_id": row.trace_id,
    }
