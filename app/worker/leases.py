"""Keeping the leases of what this process runs, and tidying up; every process that runs dispatches has one of these."""

from __future__ import annotations

import threading

import structlog

from app.core.errors import StoreUnavailable
from app.pipeline.dispatch.attempts import keep_leases
from app.pipeline.services import Services
from app.pipeline.upkeep.clock_steps import ClockWatch
from app.pipeline.upkeep.housekeeping import keep_queue_small, tidy

RENEW_SECONDS = 8.0
TIDY_SECONDS = 60.0

log = structlog.get_logger(__name__)


class LeaseKeeper:
    """A thread that moves the lease ends of `services.runtime.running` well before they come."""

    def __init__(self, services: Services):
        self._services = services
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="engine-lease", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end; leases last long enough for an orderly stop without it."""
        self._stopping.set()

    def _loop(self) -> None:
        since_tidy = TIDY_SECONDS
        clock = ClockWatch(self._services)
        while not self._stopping.wait(RENEW_SECONDS):
            since_tidy += RENEW_SECONDS
            try:
                clock.look()
                keep_leases(self._services)
                keep_queue_small(self._services)
                if since_tidy >= TIDY_SECONDS:
                    tidy(self._services)
                    since_tidy = 0.0
            except StoreUnavailable:
                log.warning("leases_wait_for_store")
            except Exception:
                log.exception("engine_lease_failed")
