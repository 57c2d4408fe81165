"""The embedded engine: threads of the serving process that look for due dispatches by themselves.

The database is the queue. `wake` only shortens the wait; without it the look-around finds every row soon. A Celery
worker has one of these too: it finds what no hint told of.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

import structlog

from app.core.errors import StoreUnavailable
from app.core.values import Event
from app.pipeline.dispatch.attempts import claim_loaded_work, give_back, run_loaded_claim
from app.pipeline.services import Services
from app.storage.queue.dispatches import Claim
from app.worker.leases import LeaseKeeper
from app.worker.places import AHEAD_SECONDS, Places
from app.worker.recorder import Recorder

LOOK_AROUND_SECONDS = 1.0
STOP_SECONDS = 8.0
STORE_DOWN_SECONDS = 2.0
STUCK_SECONDS = 2.0
MOST_AT_ONCE = 64

Work = tuple[Claim, Event | None]

log = structlog.get_logger(__name__)


def _nobody() -> None:
    """There is no other engine to call."""


class EmbeddedEngine:
    """A claiming thread, some working threads, one that records, and one that keeps leases and tidies up.

    `call_another` is called whenever there may be more than it has hands for.
    """

    def __init__(
        self,
        services: Services,
        *,
        threads: int = 4,
        look_around: float = LOOK_AROUND_SECONDS,
        call_another: Callable[[], None] | None = None,
    ):
        self._services = services
        self._look_around = look_around
        self._call_another = call_another or _nobody
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._free = Places(threads)
        self._leases = LeaseKeeper(services)
        self._recorder = Recorder(services, self._free.release)
        self._workers = threads
        self._moved_at = time.monotonic()
        loops = [("claim", self._claim_loop)]
        loops += [(f"work-{number}", self._work_loop) for number in range(threads)]
        self._threads = [
            threading.Thread(target=loop, name=f"engine-{name}", daemon=True) for name, loop in loops
        ]

    def start(self) -> None:
        """Start the threads and ask the pipelines to wake this engine."""
        self._services.runtime.wake = self.wake
        self._services.runtime.engine = self
        self._leases.start()
        self._recorder.start()
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Have it look for work now."""
        self._woken.set()

    @property
    def is_full(self) -> bool:
        """Whether it has no place for more."""
        return not self._free.any()

    def stop(self) -> None:
        """Claim no more, give back what has not begun, and let what runs finish, within a few seconds."""
        deadline = time.monotonic() + STOP_SECONDS
        self._stopping.set()
        self._woken.set()
        self._leases.stop()
        self._give_back(self._waiting())
        for _ in range(self._workers):
            self._work.put(None)
        for thread in self._threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))
        self._recorder.stop(max(0.1, deadline - time.monotonic()))

    def _waiting(self) -> list[Claim]:
        """Take back what no thread has begun."""
        waiting: list[Claim] = []
        while True:
            try:
                work = self._work.get_nowait()
            except Empty:
                return waiting
            if work is not None:
                waiting.append(work[0])

    def _give_back(self, claims: list[Claim]) -> None:
        try:
            give_back(self._services, claims)
        except StoreUnavailable:
            log.warning("given_back_when_lease_ends", dispatches=len(claims))
            for claim in claims:
                self._services.runtime.running.pop(claim.dispatch_id, None)

    def reserve(self, count: int) -> bool:
        """Set places aside for dispatches about to be stored as already running."""
        return not self._stopping.is_set() and self._free.take(count)

    def release(self, count: int) -> None:
        """Give places back."""
        self._free.release(count)

    def hand_over(self, event: Event, claims: Sequence[Claim]) -> None:
        """Run what was stored as already running; whoever stops meanwhile gives it back."""
        if self._stopping.is_set():
            self._give_back(list(claims))
            return
        for claim in claims:
            self._put(claim, event)

    def _claim_loop(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(self._look_around if self._work.empty() else LOOK_AROUND_SECONDS)
            self._woken.clear()
            try:
                while not self._stopping.is_set() and self._claim_some():
                    pass
            except StoreUnavailable:
                log.warning("engine_waits_for_store")
                self._stopping.wait(STORE_DOWN_SECONDS)
            except Exception:
                log.exception("engine_claim_failed")
                self._stopping.wait(STORE_DOWN_SECONDS)

    def _claim_some(self) -> bool:
        """Claim as much as there are free places; True when there may be more."""
        self._share_what_is_stuck()
        if self.is_full:
            self._call_another()
        places = self._take_places()
        if not places:
            return True
        work: list[Work] = []
        try:
            work = claim_loaded_work(self._services, limit=places)
        finally:
            self._free.release(places - len(work))
        if self._stopping.is_set():
            self._give_back([claim for claim, _ in work])
            return False
        for claim, event in work:
            self._put(claim, event)
        if len(work) < places:
            return False
        self._call_another()
        return True

    def _share_what_is_stuck(self) -> None:
        """While every thread is busy with something long, claim nothing behind it and give back what waits there."""
        busy_for = time.monotonic() - self._moved_at
        if busy_for < AHEAD_SECONDS or not self._free.are_hands_full():
            return
        self._free.expect(busy_for)
        if busy_for < STUCK_SECONDS or self._work.empty() or self._stopping.is_set():
            return
        waiting = self._waiting()
        self._give_back(waiting)
        self._free.release(len(waiting))

    def _put(self, claim: Claim, event: Event | None) -> None:
        self._services.runtime.running[claim.dispatch_id] = claim
        if self._work.empty():
            self._moved_at = time.monotonic()
        self._work.put((claim, event))

    def _take_places(self) -> int:
        """Take the free places, waiting a moment for the first one."""
        return self._free.take_some(MOST_AT_ONCE, timeout=LOOK_AROUND_SECONDS)

    def _work_loop(self) -> None:
        while True:
            work = self._work.get()
            if work is None:
                return
            claim, event = work
            began = self._moved_at = time.monotonic()
            is_at_its_end = self._runs_to_its_end(claim, event)
            self._moved_at = time.monotonic()
            self._free.note(self._moved_at - began)
            if is_at_its_end:
                self._services.runtime.running.pop(claim.dispatch_id, None)
                self._free.release(1)

    def _runs_to_its_end(self, claim: Claim, event: Event | None) -> bool:
        """Run one attempt; False when the recorder ends it."""
        try:
            result = run_loaded_claim(self._services, claim, event, record=self._recorder.record)
        except StoreUnavailable:
            log.warning("attempt_waits_for_store", event_id=claim.event_id, route=claim.route)
        except Exception:
            log.exception("engine_attempt_failed", event_id=claim.event_id, route=claim.route)
        else:
            return result.is_recorded
        return True
