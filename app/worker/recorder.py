"""Writing down successes together, while the threads that had them go on to the next dispatch.

Until its success is written a dispatch stays in `services.runtime.running`, so its lease is kept, and it fills its place.
While the store is away successes are kept and tried again: a handler that went well need not run a second time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

import structlog

from app.core.errors import StoreUnavailable
from app.pipeline.dispatch.attempts import record_successes
from app.pipeline.services import Services
from app.storage.queue.completions import Ending

MOST_AT_ONCE = 128
STORE_DOWN_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Recorder:
    """A thread that writes what has gathered while it wrote the last batch; `let_go` is told how many claims ended."""

    def __init__(self, services: Services, let_go: Callable[[int], None]):
        self._services = services
        self._let_go = let_go
        self._waiting: SimpleQueue[Ending | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="engine-record", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def record(self, success: Ending) -> None:
        """Take over a success."""
        self._waiting.put(success)

    def stop(self, timeout: float) -> None:
        """Write what is there, within that many seconds, and end; call it when nobody records any more.

        What the store does not take now runs again when its lease ends.
        """
        self._stopping.set()
        self._waiting.put(None)
        self._thread.join(timeout)

    def _loop(self) -> None:
        while True:
            batch = self._gathered()
            successes = [success for success in batch if success is not None]
            if successes:
                self._write(successes)
            if len(successes) < len(batch):
                return

    def _gathered(self) -> list[Ending | None]:
        batch = [self._waiting.get()]
        while len(batch) < MOST_AT_ONCE:
            try:
                batch.append(self._waiting.get_nowait())
            except Empty:
                break
        return batch

    def _write(self, batch: list[Ending]) -> None:
        try:
            while not self._is_written(batch) and not self._stopping.wait(STORE_DOWN_SECONDS):
                pass
        finally:
            for success in batch:
                self._services.runtime.running.pop(success.claim.dispatch_id, None)
            self._let_go(len(batch))

    def _is_written(self, batch: list[Ending]) -> bool:
        """Write a batch; False while the store is away. One that is refused falls apart, so that neighbours are written."""
        try:
            record_successes(self._services, batch)
        except StoreUnavailable:
            log.warning("attempts_wait_for_store", dispatches=len(batch))
            return False
        except Exception:
            if len(batch) > 1:
                return all(self._is_written([success]) for success in batch)
            log.exception(
                "success_not_recorded", event_id=batch[0].claim.event_id, route=batch[0].claim.route
            )
        return True
