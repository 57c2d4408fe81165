"""Dispatches as the API, the console and the terminal show them: one event on its way to one route, newest first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from app.core.moments import as_text
from app.core.states import DispatchState
from app.pipeline.operators.filters import filter_state, filter_text, filter_time
from app.pipeline.operators.pages import bad_cursor
from app.pipeline.services import Services
from app.storage.database.db import EPOCH, StoredRow, Transaction
from app.storage.queue.dispatch_lists import DispatchFilter, end_of_window, list_newest_dispatches

ID = re.compile(r"[0-9a-f]{32}")
UNFINISHED = (DispatchState.PENDING, DispatchState.RUNNING, DispatchState.RETRYING)
MILLISECOND = timedelta(milliseconds=1)
LAST_MILLISECOND = (1 << 48) - 1
TIME_DIGITS, OTHER_DIGITS = 12, 20


def list_dispatches_page(
    services: Services, wanted: Mapping[str, str], *, cursor: str | None, limit: int
) -> dict[str, Any]:
    """Return one page of dispatches; raises RequestError for a bad filter.

    Where a filter is not answered by an index, a page looks through the newest ended dispatches only, and says how far
    back that was; the next page goes on from there.
    """
    filter_ = _filter(wanted)
    if cursor is not None and not ID.fullmatch(cursor):
        raise bad_cursor()
    before = cursor or ""
    with services.database.read() as tx:
        last = _end_of_look(tx, filter_, before)
        bounded = filter_ if last is None else replace(filter_, first_id=last)
        rows = list_newest_dispatches(tx, bounded, before=before, limit=limit + 1)
    page, is_full = rows[:limit], len(rows) > limit
    stopped = None if is_full else last
    return {
        "items": [_dispatch(row) for row in page],
        "next_cursor": page[-1].id if is_full else stopped,
        "partial": stopped is not None,
        "searched_back_to": None if stopped is None else as_text(_time_of(stopped)),
    }


def _end_of_look(tx: Transaction, wanted: DispatchFilter, before: str) -> str | None:
    """Return the last dispatch that a page looks at, None where an index finds all there is, or nothing lies further back."""
    if wanted.is_found_by_index or wanted.state in UNFINISHED:
        return None
    last = end_of_window(tx, min((each for each in (before, wanted.end_id) if each), default=""))
    return None if last is None or last <= wanted.first_id else last


def _filter(wanted: Mapping[str, str]) -> DispatchFilter:
    since, until = (filter_time(name, wanted.get(name)) for name in ("since", "until"))
    return DispatchFilter(
        state=filter_state(DispatchState, wanted.get("state")),
        route=filter_text("route", wanted.get("route"), longest=191),
        channel=filter_text("channel", wanted.get("channel"), longest=64),
        first_id=_first_id(since) if since is not None else "",
        end_id=_first_id(until) if until is not None else "",
    )


def _first_id(at: datetime) -> str:
    """Return the smallest id of a moment: the time is in its first twelve digits (core/identifiers.py)."""
    milliseconds = min(max((at - EPOCH) // MILLISECOND, 0), LAST_MILLISECOND)
    return f"{milliseconds:0{TIME_DIGITS}x}" + "0" * OTHER_DIGITS


def _time_of(identifier: str) -> datetime:
    return EPOCH + int(identifier[:TIME_DIGITS], 16) * MILLISECOND


def _dispatch(row: StoredRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "event_id": row.event_id,
        "channel": row.channel,
        "type": row.type,
        "route": row.route,
        "state": row.state,
        "attempts": row.attempt,
        "created_at": as_text(_time_of(row.id)),
        "next_attempt_at": as_text(row.due_at) if row.state != DispatchState.RUNNING.value else None,
        "started_at": as_text(row.started_at),
        "finished_at": as_text(row.finished_at),
    }
