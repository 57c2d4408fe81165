"""Keeping the leases of what this process runs, tidying up and watching; every process that runs dispatches has one of these."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from app.core.errors import StoreUnavailable
from app.pipeline.dispatch.attempts import keep_leases
from app.pipeline.services import Services
from app.pipeline.upkeep.clock_steps import ClockWatch
from app.pipeline.upkeep.housekeeping import keep_queue_small, tidy
from app.pipeline.watch.rounds import Watch

RENEW_SECONDS = 8.0
TIDY_SECONDS = 60.0

log = structlog.get_logger(__name__)


class LeaseKeeper:
    """A thread that moves the lease ends of `services.runtime.running` well before they come, and one that tidies up and watches.

    They are two because the latter take many questions: of a database that is slow to answer no lease must end meanwhile.
    """

    def __init__(self, services: Services):
        self._services = services
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=loop, name=f"engine-{name}", daemon=True)
            for name, loop in (("lease", self._keep), ("tidy", self._tidy))
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the threads end; leases last long enough for an orderly stop without them."""
        self._stopping.set()

    def _keep(self) -> None:
        clock = ClockWatch(self._services)
        while not self._stopping.wait(RENEW_SECONDS):
            self._try(clock.look)
            self._try(lambda: keep_leases(self._services))

    def _tidy(self) -> None:
        until_tidying, watch = 0.0, Watch(self._services)
        while not self._stopping.wait(RENEW_SECONDS):
            self._try(lambda: keep_queue_small(self._services))
            self._try(watch.look_when_due)
            until_tidying -= RENEW_SECONDS
            if until_tidying <= 0 and self._try(lambda: tidy(self._services)):
                until_tidying = TIDY_SECONDS

    def _try(self, work: Callable[[], None]) -> bool:
        """Do something, and say whether it was done; what keeps it from being done is told."""
        try:
            work()
        except StoreUnavailable:
            log.warning("leases_wait_for_store")
        except Exception:
            log.exception("engine_lease_failed")
        else:
            return True
        return False
