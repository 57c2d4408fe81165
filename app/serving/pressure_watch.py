"""The thread of a serving process that measures back-pressure once a second, so that no callback has to."""

from __future__ import annotations

import threading

import structlog

from app.pipeline.upkeep.pressure import PressureGauge

LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)


class PressureWatch:
    """Looks again and again; it needs no orderly end, because it writes nothing."""

    def __init__(self, gauge: PressureGauge, *, pause: float = LOOK_SECONDS):
        self._gauge = gauge
        self._pause = pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="pressure-watch", daemon=True)

    def start(self) -> None:
        """Start the thread, where any limit is set."""
        if self._gauge.limits:
            self._thread.start()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopping.set()

    def _loop(self) -> None:
        is_failing = False
        while True:
            try:
                self._gauge.look()
                is_failing = False
            except Exception as error:  # noqa: BLE001 - whatever it is, callbacks are taken and it is tried again
                self._gauge.forget()
                if not is_failing:
                    log.warning("pressure_not_measured", error=error.__class__.__name__)
                is_failing = True
            if self._stopping.wait(self._pause):
                return
