"""Completing many attempts that succeeded, in a handful of statements. Everything else is completed one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from app.core.states import AttemptOutcome, DispatchState
from app.storage.database.db import microseconds, supports_skip_locked
from app.storage.database.many_rows import insert_rows
from app.storage.inbox.events import events
from app.storage.queue.dispatches import Claim, attempts, dispatches, event_state_of

_SUCCEEDED: dict[str, Any] = {
    "state": DispatchState.SUCCEEDED.value,
    "due_at": None,
    "trigger": "automatic",
    "finished_at": bindparam("now"),
}
# Built once, here and below: putting a statement together costs more than running it.
_LOCK_EVENTS = (
    select(events.c.id)
    .where(events.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(events.c.id)
    .with_for_update()
)
_ROWS = (
    select(dispatches.c.id, dispatches.c.attempt, dispatches.c.started_at, dispatches.c.state)
    .where(dispatches.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(dispatches.c.id)
)
_ROWS_LOCKED = _ROWS.with_for_update()
_SUCCEED = (
    dispatches.update()
    .where(dispatches.c.id.in_(bindparam("ids", expanding=True)))
    .values(**_SUCCEEDED, result=None)
)
_SUCCEED_WITH_RESULT = (
    dispatches.update()
    .where(dispatches.c.id == bindparam("row_id"))
    .values(**_SUCCEEDED, result=bindparam("answer"))
)
_STATES = select(dispatches.c.event_id, dispatches.c.state).where(
    dispatches.c.event_id.in_(bindparam("ids", expanding=True))
)
_SET_STATE = (
    events.update()
    .where(events.c.id.in_(bindparam("ids", expanding=True)))
    .values(state=bindparam("new_state"))
)


class Success(NamedTuple):
    """One attempt that went well; `result` is JSON, None when the handler returned nothing."""

    claim: Claim
    now: datetime
    result: bytes | None


class _AttemptRow(NamedTuple):
    """An attempt's columns as the driver takes them."""

    dispatch_id: str
    number: int
    started_at: int
    duration_ms: int
    outcome: str
    trigger: str


def succeed_many(tx: Connection, items: Sequence[Success]) -> list[bool]:
    """Write successes; False, and nothing written, for those whose lease was taken over meanwhile.

    1. The events are locked, so that whoever finishes another dispatch of them sees ours or is seen.
    2. The dispatches are locked in the order in which leases are renewed, and looked at: who is still held?
    3. Those are completed, their attempts recorded, and the events' states derived.
    """
    event_ids = sorted({item.claim.event_id for item in items})
    if supports_skip_locked(tx):
        tx.execute(_LOCK_EVENTS, {"ids": event_ids})
    held = _held(tx, items)
    ours = [item for item, is_ours in zip(items, held, strict=True) if is_ours]
    if ours:
        _complete(tx, ours)
        insert_rows(tx, attempts, _AttemptRow._fields, [_attempt(item) for item in ours])
        _derive_states(tx, {item.claim.event_id for item in ours})
    return held


def _held(tx: Connection, items: Sequence[Success]) -> list[bool]:
    query = _ROWS_LOCKED if supports_skip_locked(tx) else _ROWS
    rows = tx.execute(query, {"ids": sorted({item.claim.dispatch_id for item in items})})
    running = {
        (row.id, row.attempt, row.started_at) for row in rows if row.state == DispatchState.RUNNING.value
    }
    return [(item.claim.dispatch_id, item.claim.attempt, item.claim.started_at) in running for item in items]


def _complete(tx: Connection, ours: Sequence[Success]) -> None:
    """Complete rows this transaction has locked (on SQLite: that nobody else can write)."""
    now = max(item.now for item in ours)
    silent = [item.claim.dispatch_id for item in ours if item.result is None]
    if silent:
        tx.execute(_SUCCEED, {"ids": silent, "now": now})
    answers = [
        {"row_id": item.claim.dispatch_id, "answer": item.result, "now": item.now}
        for item in ours
        if item.result is not None
    ]
    if answers:
        tx.execute(_SUCCEED_WITH_RESULT, answers)


def _attempt(item: Success) -> _AttemptRow:
    claim = item.claim
    return _AttemptRow(
        claim.dispatch_id,
        claim.attempt,
        microseconds(claim.started_at),
        max(0, int((item.now - claim.started_at).total_seconds() * 1000)),
        outcome=AttemptOutcome.SUCCEEDED.value,
        trigger=claim.trigger,
    )


def _derive_states(tx: Connection, event_ids: Iterable[str]) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for event_id, state in tx.execute(_STATES, {"ids": list(event_ids)}):
        found[event_id].add(state)
    ids_by_state: dict[str, list[str]] = defaultdict(list)
    for event_id, states in found.items():
        ids_by_state[event_state_of(states).value].append(event_id)
    for state, ids in sorted(ids_by_state.items()):
        tx.execute(_SET_STATE, {"ids": ids, "new_state": state})
