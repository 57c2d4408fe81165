"""The audit as operators read it: who did what to what, and how it ended; the same as lines of a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from app.core.moments import as_text
from app.pipeline.operators.filters import filter_text, filter_time
from app.pipeline.operators.pages import id_cursor
from app.pipeline.services import Services
from app.security.redaction import redact_event, redact_text
from app.storage.audit import AuditFilter, list_audit
from app.storage.database.db import StoredRow

COLUMNS = ("id", "at", "actor", "action", "target", "outcome", "trace_id", "detail")
TABLE_PAGE = 500
MOST_LINES = 100_000
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def list_audit_page(
    services: Services, wanted: Mapping[str, str], *, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return one page of entries, newest first; raises RequestError for a bad filter."""
    filter_, before = _filter(wanted), id_cursor(cursor)
    with services.database.read() as tx:
        rows = list_audit(tx, before=before, limit=limit + 1, wanted=filter_)
    page = rows[:limit]
    return {
        "items": [audit_entry(row) for row in page],
        "next_cursor": str(page[-1].id) if len(rows) > limit else None,
    }


def audit_table(services: Services, wanted: Mapping[str, str], *, is_masked: bool = False) -> Iterator[str]:
    """Return the entries as CSV with a head, newest first, MOST_LINES at most; read page by page while it is sent.

    The filter is read at once, so a bad one is refused before the first line; `is_masked` leaves out what pages mask.
    """
    return _lines(services, _filter(wanted), is_masked=is_masked)


def _lines(services: Services, filter_: AuditFilter, *, is_masked: bool) -> Iterator[str]:
    yield _line(COLUMNS)
    before: int | None = None
    for _ in range(MOST_LINES // TABLE_PAGE):
        with services.database.read() as tx:
            rows = list_audit(tx, before=before, limit=TABLE_PAGE, wanted=filter_)
        for row in rows:
            entry = _masked(audit_entry(row)) if is_masked else audit_entry(row)
            detail = "" if entry["detail"] is None else orjson.dumps(entry["detail"]).decode()
            yield _line([*(entry[name] for name in COLUMNS[:-1]), detail])
        if len(rows) < TABLE_PAGE:
            return
        before = rows[-1].id


def _masked(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry as pages show it, without what nobody may read."""
    detail = entry["detail"]
    masked = redact_event(None, "", dict(detail)) if isinstance(detail, dict) else detail
    texts = {name: entry[name] and redact_text(entry[name]) for name in ("actor", "target")}
    return entry | texts | {"detail": masked}


def _line(cells: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_harmless(str(cell)) for cell in cells])
    return buffer.getvalue()


def _harmless(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: names of people and channels are written by others."""
    return f"'{text}" if text.startswith(BEGINS_A_FORMULA) else text


def _filter(wanted: Mapping[str, str]) -> AuditFilter:
    return AuditFilter(
        actor=filter_text("actor", wanted.get("actor"), longest=191),
        action=filter_text("action", wanted.get("action"), longest=64),
        target=filter_text("target", wanted.get("target"), longest=191),
        since=filter_time("since", wanted.get("since")),
        until=filter_time("until", wanted.get("until")),
    )


def audit_entry(row: StoredRow) -> dict[str, Any]:
    """Return an entry as JSON shows it."""
    return {
        "id": row.id,
        "at": as_text(row.at),
        "actor": row.actor,
        "action": row.action,
        "target": row.target,
        "outcome": row.outcome,
        "trace_id": row.trace_id,
        "detail": None if row.detail is None else orjson.loads(bytes(row.detail)),
    }
