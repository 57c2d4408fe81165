"""The thread of a serving process that copies SQLite's write-ahead log, so that no callback waits for it.

It works outside the interpreter's lock, so it may use a core of its own while the others keep to one.
"""

from __future__ import annotations

import threading

import structlog

from app.storage.database.write_ahead_log import WriteAheadLog

PAUSE_SECONDS = 0.1

log = structlog.get_logger(__name__)


class LogCopier:
    """Copies again and again; it needs no orderly end, because what is left in the log is as safe there."""

    def __init__(self, write_ahead_log: WriteAheadLog, *, pause: float = PAUSE_SECONDS):
        self._log = write_ahead_log
        self._pause = pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="log-copier", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def native_id(self) -> int:
        """Return the kernel's number of the started thread."""
        return self._thread.native_id or 0

    def stop(self) -> None:
        """Let the thread end."""
        self._stopping.set()

    def _loop(self) -> None:
        is_failing = False
        while not self._stopping.wait(self._pause):
            if not self._log.is_due:
                continue
            try:
                self._log.copy()
                is_failing = False
            except Exception as error:  # noqa: BLE001 - whatever it is, commits go on into the log and it is tried again
                if not is_failing:
                    log.warning("log_not_copied", error=error.__class__.__name__)
                is_failing = True
