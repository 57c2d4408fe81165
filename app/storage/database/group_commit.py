"""Group commit: callers that come at the same time share one transaction, and each waits until it is durable.

This is the way of threads; callers on an event loop have loop_commits.py, which writes its batches with what is here.
There is no thread of its own: whoever finds nobody committing leads, takes all that has gathered, and hands on to the
next in line. A single caller therefore pays nothing, and under load the batch grows while the disk works. What gathers
is handed over as a list, so that a storage function can write many rows with one statement.

Callers whose batch is durable wake one another in a chain. Woken all at once they would only queue for the
interpreter, which costs each of them a second sleep.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import structlog

from app.core.errors import StoreUnavailable
from app.storage.database.db import Database, Transaction

I = TypeVar("I")  # noqa: E741 - an item
R = TypeVar("R")
WriteMany = Callable[[Transaction, Sequence[I]], Sequence[R]]
"""Writes a list of items in an open transaction and returns a result for each, in their order."""

Beside = Callable[[], "Job[Any, Any] | None"]
"""Returns what may go along with a commit that is made anyway; nobody waits for it."""

MOST_AT_ONCE = 128
LONGEST_QUEUE = 1024

log = structlog.get_logger(__name__)


class Job(Generic[I, R]):
    """One caller's items and what became of them."""

    __slots__ = ("error", "is_settled", "items", "results", "write")

    def __init__(self, write: WriteMany[I, R], items: Sequence[I]):
        self.write = write
        self.items = items
        self.results: Sequence[R] = ()
        self.error: BaseException | None = None
        self.is_settled = False

    def outcome(self) -> Sequence[R]:
        """Return the results, or raise what kept them from being durable."""
        if self.error is not None:
            raise self.error
        if not self.is_settled:
            # The leader was interrupted before its commit: nothing is known to be durable.
            raise StoreUnavailable
        return self.results


class _Turn(Job[I, R]):
    """The job of a waiting thread; `turn` is released when it is done or when its caller must lead."""

    __slots__ = ("following", "is_done", "turn")

    def __init__(self, write: WriteMany[I, R], items: Sequence[I]):
        super().__init__(write, items)
        self.is_done = False
        self.following: _Turn[Any, Any] | None = None
        self.turn = threading.Lock()
        self.turn.acquire()


class GroupCommit:
    """Writes items in shared transactions.

    A failure rolls the batch back, and every caller's items are tried again in a transaction of their own, so that
    nobody fails with a neighbour.
    """

    def __init__(self, database: Database, beside: Beside = lambda: None):
        self._database = database
        self._beside = beside
        self._guard = threading.Lock()
        self._waiting: deque[_Turn[Any, Any]] = deque()
        self._somebody_leads = False

    def run(self, write: WriteMany[I, R], item: I) -> R:
        """Write an item and return its result once it is committed; raises StoreUnavailable when too many wait already."""
        (result,) = self.run_many(write, [item])
        return result

    def run_many(self, write: WriteMany[I, R], items: Sequence[I]) -> Sequence[R]:
        """Write items that stand or fall together, and return their results once they are committed."""
        job = _Turn(write, items)
        with self._guard:
            if len(self._waiting) >= LONGEST_QUEUE:
                raise StoreUnavailable
            self._waiting.append(job)
            leads = not self._somebody_leads
            self._somebody_leads = True
        if not leads:
            job.turn.acquire()
        try:
            if not job.is_done:
                self._lead()
        finally:
            if job.following is not None:
                job.following.turn.release()
        return job.outcome()

    def _lead(self) -> None:
        """Commit what has gathered, this caller's own item in front, and hand on."""
        with self._guard:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
        try:
            self.write_together(batch)
        finally:
            with self._guard:
                following = self._waiting[0] if self._waiting else None
                self._somebody_leads = following is not None
            for job, behind in zip(batch, [*batch[1:], None], strict=True):
                job.following = behind
                job.is_done = True
            if following is not None:
                following.turn.release()

    def write_together(self, batch: Sequence[Job[Any, Any]]) -> None:
        """Write these in one transaction, or each in its own where that fails; every job then knows its outcome."""
        beside = self._beside()
        if beside is not None:
            batch = [*batch, beside]
        if len(batch) == 1:
            self._run_alone(batch[0])
            return
        try:
            with self._database.begin() as tx:
                _write(tx, batch)
            for job in batch:
                job.is_settled = True
        except Exception as error:  # noqa: BLE001 - whatever it is, each item is tried alone and tells its own caller
            log.warning("group_commit_split", size=len(batch), error=error.__class__.__name__)
            for job in batch:
                self._run_alone(job)

    def _run_alone(self, job: Job[Any, Any]) -> None:
        job.results, job.error = (), None
        try:
            job.results = self._database.run(lambda tx: job.write(tx, job.items))
            job.is_settled = True
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's own thread
            job.error = error


def _write(tx: Transaction, batch: Sequence[Job[Any, Any]]) -> None:
    """Write the items kind by kind."""
    kinds: dict[WriteMany[Any, Any], list[Job[Any, Any]]] = {}
    for job in batch:
        kinds.setdefault(job.write, []).append(job)
    for write, jobs in kinds.items():
        results = iter(write(tx, [item for job in jobs for item in job.items]))
        for job in jobs:
            job.results = [next(results) for _ in job.items]
