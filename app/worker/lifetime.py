"""The end of a process: together with its parent, and on a signal in good order.

Celery installs signal handlers of its own after our code was loaded, and a forked process runs no `atexit`. So the
signal is read from the wake-up descriptor, which every Python handler writes to (beside an event loop, which needs that
descriptor, it is the other way round), and the last wait is a finalizer of multiprocessing, which forked and spawned
processes both run.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.util import Finalize
from typing import Protocol

import structlog

from app.core.errors import StoreUnavailable
from app.pipeline.dispatch.attempts import give_back
from app.pipeline.inbound.set_up_checks import write_noted_checks
from app.pipeline.services import Services

PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 2.0
FINISH_SECONDS = 8.5
GIVE_BACK_SECONDS = 1.0
IDLE_LOOK_SECONDS = 0.05

log = structlog.get_logger(__name__)


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies; look at the parent regularly where it cannot."""
    parent = os.getppid()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()


def _watch(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(LOOK_SECONDS)
    os._exit(1)


def on_stop_signal(react: Callable[[], None]) -> None:
    """Call `react` in a thread when SIGTERM or SIGINT arrives, whoever handles it; call this in the main thread."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_read_signals, args=(reader, react), name="signals", daemon=True).start()


def _read_signals(reader: int, react: Callable[[], None]) -> None:
    while received := os.read(reader, 1):
        if received[0] in (signal.SIGTERM, signal.SIGINT):
            react()


def on_stop_signal_beside_loop(react: Callable[[], None]) -> None:
    """Call `react` in the main thread when SIGTERM or SIGINT arrives, beside the handlers of an event loop.

    The loop reads signals from the wake-up descriptor, which it keeps for itself; Python's own handlers are free.
    Call this in the main thread, after the loop has its handlers.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: react())


def _end_after(seconds: float) -> None:
    time.sleep(seconds)
    sys.stdout.flush()
    os._exit(0)


class Stoppable(Protocol):
    """A part with threads of its own."""

    def stop(self) -> None:
        """Take no more work and wait a few seconds for what runs."""


class GracefulStop:
    """One orderly end: no new work, what runs may finish, what is left at the deadline is given back.

    A process that still runs a handler at the deadline ends at once after giving it back, so that two processes do
    not run it side by side.
    """

    def __init__(self, services: Services, *parts: Stoppable):
        self._services = services
        self._parts = parts
        self._begun = threading.Lock()
        self._idle = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stop", daemon=True)

    @property
    def has_begun(self) -> bool:
        """Whether the process is on its way out."""
        return self._begun.locked()

    def install(self, listen: Callable[[Callable[[], None]], None] = on_stop_signal) -> None:
        """Begin on SIGTERM and SIGINT, and let the process end only when everything is finished."""
        listen(self.begin_to_stop)
        Finalize(None, self.finish, exitpriority=100)

    def begin_to_stop(self) -> None:
        """Start stopping, once."""
        if self._begun.acquire(blocking=False):
            self._thread.start()

    def finish(self) -> None:
        """Stop, and wait until nothing runs here any more."""
        self.begin_to_stop()
        self._idle.wait()

    def _run(self) -> None:
        deadline = time.monotonic() + FINISH_SECONDS
        log.info("stopping", running=len(self._services.runtime.running))
        for part in self._parts:
            part.stop()
        write_noted_checks(self._services)
        while time.monotonic() < deadline:
            if not self._services.runtime.running and not self._idle.is_set():
                self._send_last_spans()
                self._idle.set()
            time.sleep(IDLE_LOOK_SECONDS)
        self._leave()

    def _send_last_spans(self) -> None:
        if self._services.spans is not None:
            self._services.spans.stop()

    def _leave(self) -> None:
        """Give back what still runs and end the process, whatever its main thread or the store waits for."""
        threading.Thread(target=_end_after, args=(GIVE_BACK_SECONDS,), daemon=True).start()
        try:
            give_back(self._services, list(self._services.runtime.running.values()))
        except StoreUnavailable:
            log.warning("given_back_when_lease_ends", dispatches=len(self._services.runtime.running))
        finally:
            _end_after(0)
