"""Completing attempts, however they ended: many or one, in a handful of statements. Nothing else completes a dispatch.

A transactional handler's dispatch is completed here too, inside the handler's own transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam

from app.core.states import AttemptOutcome, DispatchState, Trigger
from app.storage.database.db import microseconds
from app.storage.queue.claims import are_held
from app.storage.queue.dispatches import (
    AttemptRow,
    Claim,
    derive_event_states,
    dispatches,
    insert_attempts,
    lock_events,
)

MAX_ERROR_LENGTH = 1000

# Built once, here and below: putting a statement together costs more than running it.
_NEW_VALUES: dict[str, Any] = {
    "state": bindparam("new_state"),
    "due_at": bindparam("new_due_at"),
    "finished_at": bindparam("ended_at"),
    "trigger": Trigger.AUTOMATIC.value,
}
_END = (
    dispatches.update()
    .where(dispatches.c.id.in_(bindparam("ids", expanding=True)))
    .values(**_NEW_VALUES, result=None)
)
_END_WITH_RESULT = (
    dispatches.update()
    .where(dispatches.c.id == bindparam("row_id"))
    .values(**_NEW_VALUES, result=bindparam("answer"))
)
_TAKE_BACK = (
    dispatches.update()
    .where(dispatches.c.id == bindparam("row_id"))
    .values(state=bindparam("new_state"), attempt=bindparam("number"), due_at=bindparam("new_due_at"))
)


class Ending(NamedTuple):
    """How one attempt ended and what becomes of its dispatch; made by the functions below.

    Without an outcome the attempt counts as not begun. `result` is JSON, None when the handler returned nothing.
    """

    claim: Claim
    state: DispatchState
    now: datetime
    outcome: AttemptOutcome | None
    due_at: datetime | None = None
    result: bytes | None = None
    error: str | None = None

    @property
    def ended_at(self) -> datetime | None:
        """When the dispatch itself was over, None while it goes on."""
        return self.now if self.state in (DispatchState.SUCCEEDED, DispatchState.DEAD) else None


def succeeded(claim: Claim, now: datetime, result: bytes | None = None) -> Ending:
    """Return the end of an attempt that went well."""
    return Ending(claim, DispatchState.SUCCEEDED, now, AttemptOutcome.SUCCEEDED, result=result)


def failed(claim: Claim, now: datetime, *, error: str, due_at: datetime | None) -> Ending:
    """Return the end of an attempt that went wrong; without a time for the next one its dispatch is dead."""
    state = DispatchState.DEAD if due_at is None else DispatchState.RETRYING
    return Ending(claim, state, now, AttemptOutcome.FAILED, due_at=due_at, error=error)


def taken_back(claim: Claim, now: datetime, *, due_at: datetime) -> Ending:
    """Return the end of an attempt that did nothing: nothing is recorded, and its number is free again."""
    state = DispatchState.PENDING if claim.attempt == 1 else DispatchState.RETRYING
    return Ending(claim, state, now, None, due_at=due_at)


def complete(tx: Connection, endings: Sequence[Ending]) -> list[bool]:
    """Write how attempts ended; False, and nothing written, for those whose lease was taken over meanwhile.

    1. The events are locked, so that whoever finishes another dispatch of them sees ours or is seen.
    2. The dispatches are locked in the order in which leases are renewed, and looked at: who is still held?
    3. Those are written, their attempts recorded, and the events' states derived.
    """
    lock_events(tx, {ending.claim.event_id for ending in endings})
    held = are_held(tx, [ending.claim for ending in endings])
    ours = [ending for ending, is_ours in zip(endings, held, strict=True) if is_ours]
    if ours:
        _end(tx, [ending for ending in ours if ending.outcome is not None])
        _take_back(tx, [ending for ending in ours if ending.outcome is None])
        insert_attempts(tx, [_attempt(ending) for ending in ours if ending.outcome is not None])
        derive_event_states(tx, {ending.claim.event_id for ending in ours})
    return held


def _end(tx: Connection, ours: Sequence[Ending]) -> None:
    """Write rows this transaction has locked; those that get the same values together, those with a result one by one."""
    silent: dict[tuple[DispatchState, datetime | None], list[Ending]] = defaultdict(list)
    answers = []
    for ending in ours:
        if ending.result is None:
            silent[ending.state, ending.due_at].append(ending)
        else:
            row = {"row_id": ending.claim.dispatch_id, "answer": ending.result}
            answers.append(row | _new_values(ending))
    for alike in silent.values():
        ids = [ending.claim.dispatch_id for ending in alike]
        tx.execute(_END, {"ids": ids} | _new_values(max(alike, key=lambda each: each.now)))
    if answers:
        tx.execute(_END_WITH_RESULT, answers)


def _new_values(ending: Ending) -> dict[str, Any]:
    return {"new_state": ending.state.value, "new_due_at": ending.due_at, "ended_at": ending.ended_at}


def _take_back(tx: Connection, ours: Sequence[Ending]) -> None:
    """Write rows this transaction has locked as if they had not been claimed; their trigger and old result stay."""
    rows = [
        {
            "row_id": ending.claim.dispatch_id,
            "new_state": ending.state.value,
            "number": ending.claim.attempt - 1,
            "new_due_at": ending.due_at,
        }
        for ending in ours
    ]
    if rows:
        tx.execute(_TAKE_BACK, rows)


def _attempt(ending: Ending) -> AttemptRow:
    claim = ending.claim
    assert ending.outcome is not None
    return AttemptRow(
        claim.dispatch_id,
        claim.attempt,
        microseconds(claim.started_at),
        max(0, int((ending.now - claim.started_at).total_seconds() * 1000)),
        outcome=ending.outcome.value,
        error=None if ending.error is None else ending.error[:MAX_ERROR_LENGTH],
        trigger=claim.trigger,
    )
