"""Separate workers of a drill's gateway, kept running as systemd or Docker would keep them (see ops/)."""

from __future__ import annotations

import threading
from typing import Self

from tests.live import LiveGateway
from tests.worker.stage import FLASK_WORKER, Worker, is_alive

RESTART_SECONDS = 1.0
LOOK_SECONDS = 0.1


class KeptWorker:
    """A worker that is started again whenever it dies; a context manager."""

    def __init__(self, gateway: LiveGateway, command: tuple[str, ...] = FLASK_WORKER):
        self._gateway = gateway
        self._command = command
        self._stopping = threading.Event()
        self._current = self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    @property
    def pid(self) -> int:
        """Return the process that works at the moment."""
        return self._current.process.pid

    def is_ready(self) -> bool:
        """Say whether it takes work."""
        log = self._current.log()
        return "ready." in log or "Worker runs with" in log

    def _start(self) -> Worker:
        # Celery says that it is ready only to those who listen.
        return Worker(self._gateway, self._command, LOG_LEVEL="INFO")

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            if self._current.process.poll() is not None and not self._stopping.wait(RESTART_SECONDS):
                self._current = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._keeper.join()
        self._current.__exit__(*error)


def are_dead(pids: list[int]) -> bool:
    """Say whether none of these processes runs any more."""
    return not any(is_alive(pid) for pid in pids)
