"""Shared commits for callers on an event loop: one thread writes what has gathered, one wake-up tells the whole batch.

A caller gets a future and waits for it without a thread. What holds for threads (group_commit.py) holds here too: no
result before its commit, nobody fails with a neighbour, and too many that wait are turned away at once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Any

import structlog

from app.core.errors import StoreUnavailable
from app.storage.database.group_commit import LONGEST_QUEUE, MOST_AT_ONCE, GroupCommit, I, Job, R, WriteMany

Waiting = tuple[Job[Any, Any], "asyncio.Future[Any]"]

log = structlog.get_logger(__name__)


class LoopCommits:
    """A thread that commits for one event loop; it needs no orderly end, since nobody was told of what it still holds."""

    def __init__(self, group: GroupCommit):
        self._group = group
        self._waiting: SimpleQueue[Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_on, name="loop-commits", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the thread; its results go to this loop."""
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end when it has written what waits."""
        self._waiting.put(None)
        self._thread.join()

    def write(self, write: WriteMany[I, R], items: Sequence[I]) -> asyncio.Future[Sequence[R]]:
        """Return a future of the results of items that stand or fall together; call it on the loop.

        Raises StoreUnavailable when too many wait already; the future raises it when nothing could be stored.
        """
        if self._waiting.qsize() >= LONGEST_QUEUE:
            raise StoreUnavailable
        future: asyncio.Future[Sequence[R]] = self._loop.create_future()
        self._waiting.put((Job(write, items), future))
        return future

    def _write_on(self) -> None:
        is_wanted = True
        while is_wanted:
            gathered = self._gathered()
            batch = [each for each in gathered if each is not None]
            is_wanted = len(batch) == len(gathered)
            if batch:
                self._write(batch)

    def _write(self, batch: Sequence[Waiting]) -> None:
        try:
            self._group.write_together([job for job, _ in batch])
        except BaseException:
            # Whoever waits is told that nothing is known to be stored, and the thread goes on for the next ones.
            log.exception("batch_not_written", size=len(batch))
        self._loop.call_soon_threadsafe(_tell, batch)

    def _gathered(self) -> list[Waiting | None]:
        batch = [self._waiting.get()]
        while len(batch) < MOST_AT_ONCE:
            try:
                batch.append(self._waiting.get_nowait())
            except Empty:
                break
        return batch


def _tell(batch: Sequence[Waiting]) -> None:
    for job, future in batch:
        if future.done():
            continue
        try:
            future.set_result(job.outcome())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's own task
            future.set_exception(error)
