"""The thread of a serving process or a worker that writes what was counted, so that nothing else waits for that."""

from __future__ import annotations

import threading
from pathlib import Path

import structlog

from app.pipeline.services import Services
from app.pipeline.upkeep.measures import Measures
from app.telemetry.callback_lines import lines
from app.telemetry.shared_meters import SharedMeters

PAUSE_SECONDS = 1.0
FOLDER = Path("var") / "metrics"
SERVE, WORKER, MAIN = "serve", "worker", "main"

log = structlog.get_logger(__name__)


class Measuring:
    """Writes again and again; `stop` writes what is left."""

    def __init__(
        self,
        services: Services,
        kind: str,
        home: Path,
        *,
        measures: Measures | None = None,
        pause: float = PAUSE_SECONDS,
    ):
        self._services = services
        self._measures = measures or Measures(services)
        self._shared = open_place(home, kind)
        self._pause = pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="measuring", daemon=True)

    def start(self) -> None:
        """Start the threads that write counts and lines of the log."""
        self._services.runtime.shared_meters = self._shared
        lines.start()
        self._thread.start()

    def stop(self) -> None:
        """Write what is there, and end."""
        self._stopping.set()
        self._thread.join(timeout=self._pause)
        self._measures.write(at_the_end=True)
        lines.stop()

    def _loop(self) -> None:
        while not self._stopping.wait(self._pause):
            self._measures.write()


def open_place(home: Path, kind: str) -> SharedMeters | None:
    """Take a place among the processes of this machine; None where the folder cannot be written: then each counts for itself."""
    shared = SharedMeters(home / FOLDER, kind)
    try:
        shared.open()
    except OSError as error:
        log.warning("metrics_not_shared", folder=str(home / FOLDER), error=error.__class__.__name__)
        return None
    return shared
