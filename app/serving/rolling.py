"""Granian made to replace its workers with new code and without failing a request; why is in docs/decisions/0014-engines.md."""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
from typing import Any

import structlog
from granian._granian import SocketHolder
from granian.server.mp import MPServer

from app.serving.draining import DRAIN_SECONDS, DRAIN_SIGNAL

TRIAL_SECONDS = 20
QUICK_DEATH_SECONDS = 5.5
MOST_QUICK_DEATHS = 20

log = structlog.get_logger(__name__)


class RollingServer(MPServer):
    """One listening socket for all workers; a worker drains before it is ended; its successor loads the code afresh.

    The first workers are forked, which starts quickly. A fork knows only the code its parent had loaded, so after a
    reload workers are new interpreters.
    """

    _has_reloaded = False
    _quick_deaths = 0
    _replaced_at = 0.0

    def _init_shared_socket(self) -> None:
        super()._init_shared_socket()  # type: ignore[no-untyped-call]
        server: Any = self
        if server._ssp is None:
            return
        server._shd, server._ssp = server._ssp.build(), None
        server._sfd = server._shd.get_fd()
        server._sso = socket.socket(fileno=server._sfd)
        server._sso.set_inheritable(True)

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        if not starts_afresh():
            log.error(
                "reload_refused", detail="the new code or configuration does not start; the old goes on"
            )
            return
        if self.interrupt_signal:
            return
        self._has_reloaded = True
        super()._reload(spawn_target, target_loader)  # type: ignore[no-untyped-call]

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> Any:  # type: ignore[override]
        worker: Any = super()._spawn_worker(idx, target, callback_loader)
        server: Any = self
        if self._has_reloaded:
            number, name, loader, _, *rest = worker.inner._args
            kind = server._shd.__getstate__()[1:]
            worker.inner = multiprocessing.get_context("spawn").Process(
                name="granian-worker",
                target=serve_afresh,
                args=(number, name, loader, server._sso, kind, *rest),
            )
        return worker

    def _respawn_workers(self, workers: Any, spawn_target: Any, target_loader: Any, delay: float = 0) -> None:
        for number in workers:
            _drain_before_end(self.wrks[number])
        self._count_quick_deaths()
        super()._respawn_workers(workers, spawn_target, target_loader, delay)
        if self._quick_deaths < MOST_QUICK_DEATHS:
            self.respawned_wrks.clear()

    def _count_quick_deaths(self) -> None:
        """Count replacements that follow each other closely.

        Granian ends altogether at the second one, and events that kill their process would stop everything else. A worker
        that never gets as far as serving still ends the server, after more tries.
        """
        now = time.monotonic()
        is_quick = now - self._replaced_at <= QUICK_DEATH_SECONDS
        self._quick_deaths = self._quick_deaths + 1 if is_quick else 0
        self._replaced_at = now


def starts_afresh() -> bool:
    """Say whether a new interpreter can read the configuration and load everything it names."""
    trial = multiprocessing.get_context("spawn").Process(target=_try_to_start)
    trial.start()
    trial.join(TRIAL_SECONDS)
    if trial.exitcode is None:
        trial.kill()
    return trial.exitcode == 0


def _try_to_start() -> None:
    from app.factory import create_app

    create_app()


def serve_afresh(
    number: int, name: Any, loader: Any, listening: socket.socket, kind: Any, *rest: Any
) -> None:
    """Serve in a new interpreter, which got the shared socket under another descriptor."""
    make: Any = SocketHolder
    holder = make(listening.fileno(), *kind)
    MPServer._spawn_wsgi_worker(number, name, loader, ((None, holder), listening), *rest)


def _drain_before_end(worker: Any) -> None:
    end = worker.terminate

    def drain_and_end() -> None:
        if worker.is_alive():
            os.kill(worker.inner.pid, DRAIN_SIGNAL)
            time.sleep(DRAIN_SECONDS)
        end()

    worker.terminate = drain_and_end
