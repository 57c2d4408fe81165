"""How a replay of many events goes on: what its two audit entries say, and what of it still waits, is tried, or died again.

What has ended well is the rest. Dispatches don't say which replay made them due; so while others replay the same events, their
counts are in these, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from app.core.errors import RefusedError
from app.core.moments import as_text, iso_moment
from app.pipeline.operators.events import event_filter
from app.pipeline.operators.replay import ACTION, STARTED
from app.pipeline.services import Services
from app.storage.audit import AuditFilter, list_audit
from app.storage.database.db import StoredRow
from app.storage.inbox.events import EventFilter
from app.storage.queue.replay_counts import ReplayCounts, count_replayed

NEWEST = 500
"""Audit entries of replays that are looked through for one."""

LASTING = ("channel", "type", "since", "until")
"""Filters that an event passes after a replay too; its state changes, and texts are not looked for again."""


class ReplayProgress(NamedTuple):
    """A replay: who began it, when, why and of what, and how far it is.

    `made_due` is false while events are still being made due, or when that broke off. The counts are of dispatches.
    """

    actor: str
    reason: str
    asked: Mapping[str, Any]
    started_at: str
    made_due: bool
    found: Mapping[str, Any]
    dispatches: int
    counts: ReplayCounts
    others_since: bool

    @property
    def succeeded(self) -> int:
        """How many have ended well: all that do not wait, are not being tried, and did not die again."""
        return max(0, self.dispatches - sum(self.counts))

    @property
    def is_over(self) -> bool:
        """Whether nothing of it waits or runs any more."""
        return self.made_due and not self.counts.waiting and not self.counts.trying


def replay_progress(services: Services, trace_id: str) -> ReplayProgress:
    """Return how the replay of a request goes on; raises RefusedError 404 when there is none."""
    with services.database.read() as tx:
        rows = list_audit(tx, before=None, limit=NEWEST, wanted=AuditFilter(action=ACTION))
    own = [row for row in rows if row.trace_id == trace_id and trace_id]
    begun = next((row for row in own if row.outcome == STARTED), None)
    if begun is None:
        raise RefusedError(
            "unknown_replay", "There is no replay of many events with this trace id.", http_status=404
        )
    done = next((_detail(row) for row in own if row.outcome != STARTED), {})
    asked = _detail(begun)
    counts = _counts(services, begun.at, asked, done)
    return ReplayProgress(
        actor=begun.actor,
        reason=str(asked.get("reason", "")),
        asked=asked,
        started_at=as_text(begun.at) or "",
        made_due=bool(done),
        found=done,
        dispatches=int(done.get("dispatches", 0)),
        counts=counts,
        others_since=_others_since(rows, begun),
    )


def _counts(
    services: Services, since: datetime, asked: Mapping[str, Any], done: Mapping[str, Any]
) -> ReplayCounts:
    last = done.get("last_due_at")
    with services.database.read() as tx:
        return count_replayed(tx, _lasting(asked), since=since, last_due_at=_end(last))


def _end(last_due_at: Any) -> datetime | None:
    """Return the last due time; what is written to the millisecond was a little later."""
    if not isinstance(last_due_at, str):
        return None
    moment = iso_moment(last_due_at)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000 + 999)


def _lasting(asked: Mapping[str, Any]) -> EventFilter:
    given = asked.get("filter") or {}
    return event_filter({name: given[name] for name in LASTING if name in given})


def _others_since(rows: Sequence[StoredRow], begun: StoredRow) -> bool:
    return any(row.id > begun.id and row.trace_id != begun.trace_id for row in rows)


def _detail(row: StoredRow) -> dict[str, Any]:
    found: dict[str, Any] = {} if row.detail is None else orjson.loads(bytes(row.detail))
    return found
