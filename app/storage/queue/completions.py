"""Completing attempts, however they ended: many or one, in a handful of statements. Nothing else completes a dispatch.

A transactional handler's dispatch is completed here too, inside the handler's own transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam

from app.core.states import AttemptOutcome, DispatchState, Trigger
from app.storage.database.db import microseconds
from app.storage.database.many_rows import write_rows
from app.storage.queue.claims import are_held
from app.storage.queue.dispatches import AttemptRow, Claim, dispatches, insert_attempts, queue
from app.storage.queue.event_states import lock_events, write_deaths

MAX_ERROR_LENGTH = 1000

# Built once, here and below: putting a statement together costs more than running it.
_LEAVE_QUEUE = queue.delete().where(queue.c.id.in_(bindparam("ids", expanding=True)))
_TRY_AGAIN = (
    queue.update()
    .where(queue.c.id == bindparam("row_id"))
    .values(
        state=DispatchState.RETRYING.value,
        due_at=bindparam("new_due_at"),
        trigger=Trigger.AUTOMATIC.value,
    )
)
_TAKE_BACK = (
    queue.update()
    .where(queue.c.id == bindparam("row_id"))
    .values(state=bindparam("new_state"), attempt=bindparam("number"), due_at=bindparam("new_due_at"))
)


class Also(NamedTuple):
    """What is written with a success, by whoever holds the lease: items of one kind together, and in the same commit."""

    write: Callable[[Connection, Sequence[Any]], None]
    item: Any


class Returned(NamedTuple):
    """What a handler of our own returns whose success has more to be written than its result."""

    result: Any
    also: Also


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
    also: Also | None = None

    @property
    def is_over(self) -> bool:
        """Whether the dispatch itself has ended."""
        return self.state in (DispatchState.SUCCEEDED, DispatchState.DEAD)


def succeeded(
    claim: Claim, now: datetime, result: bytes | None = None, *, also: Also | None = None
) -> Ending:
    """Return the end of an attempt that went well."""
    return Ending(claim, DispatchState.SUCCEEDED, now, AttemptOutcome.SUCCEEDED, result=result, also=also)


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

    1. The events of which a dispatch dies are locked, so that a replay of another one of them comes before or after.
    2. The rows are locked in the order in which leases are renewed, and looked at: who is still held?
    3. What is over leaves the queue for good, the rest waits on; attempts and deaths are written.
    4. What is to be written with them follows: rows of the queue are locked before all others.
    """
    lock_events(tx, _events_of_deaths(endings))
    held = are_held(tx, [ending.claim for ending in endings])
    ours = [ending for ending, is_ours in zip(endings, held, strict=True) if is_ours]
    if ours:
        _end(tx, [ending for ending in ours if ending.is_over])
        _try_again(tx, [ending for ending in ours if ending.outcome is not None and not ending.is_over])
        _take_back(tx, [ending for ending in ours if ending.outcome is None])
        insert_attempts(tx, [_attempt(ending) for ending in ours if ending.outcome is not None])
        write_deaths(tx, _events_of_deaths(ours))
        _write_also(tx, [ending.also for ending in ours if ending.also is not None])
    return held


def _write_also(tx: Connection, wanted: Sequence[Also]) -> None:
    kinds: dict[Callable[[Connection, Sequence[Any]], None], list[Any]] = {}
    for also in wanted:
        kinds.setdefault(also.write, []).append(also.item)
    for write, items in kinds.items():
        write(tx, items)


def _events_of_deaths(endings: Sequence[Ending]) -> set[str]:
    return {ending.claim.event_id for ending in endings if ending.state is DispatchState.DEAD}


class _Ended(NamedTuple):
    """The row of an ended dispatch as the driver takes it; times are microseconds."""

    id: str
    event_id: str
    route: str
    state: str
    attempt: int
    finished_at: int
    result: bytes | None
    order_key: str | None


def _end(tx: Connection, ours: Sequence[Ending]) -> None:
    """Move rows this transaction has locked from the queue to those that ended, over what an earlier end left there."""
    if ours:
        tx.execute(_LEAVE_QUEUE, {"ids": [ending.claim.dispatch_id for ending in ours]})
        write_rows(tx, dispatches, _Ended._fields, [_ended(ending) for ending in ours])


def _ended(ending: Ending) -> _Ended:
    claim = ending.claim
    return _Ended(
        claim.dispatch_id,
        claim.event_id,
        claim.route,
        ending.state.value,
        claim.attempt,
        finished_at=microseconds(ending.now),
        result=ending.result,
        order_key=claim.order_key,
    )


def _try_again(tx: Connection, ours: Sequence[Ending]) -> None:
    rows = [{"row_id": ending.claim.dispatch_id, "new_due_at": ending.due_at} for ending in ours]
    if rows:
        tx.execute(_TRY_AGAIN, rows)


def _take_back(tx: Connection, ours: Sequence[Ending]) -> None:
    """Write rows this transaction has locked as if they had not been claimed; their trigger stays."""
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
