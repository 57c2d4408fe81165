"""Granian's main process with hooks under names of ours. Only this file touches parts that Granian doesn't promise to keep.

Granian (2.8, read 2026-11-28) replaces its workers by itself, but offers no place to drain one before it ends, to load
code afresh, or to keep one listening socket over it. Those places are private there. PARTS names all of them: after an
update of Granian tests/serving/test_granian_parts.py says which are gone. What is done at the hooks is in rolling.py.
"""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Callable
from typing import Any

from granian._granian import SocketHolder
from granian.server.mp import MPServer

PARTS = (
    "server._init_shared_socket",
    "server._reload",
    "server._respawn_workers",
    "server._serve_loop",
    "server._spawn_worker",
    "server._spawn_rsgi_worker",
    "server._sfd",
    "server._shd",
    "server._sso",
    "server._ssp",
    "server.interrupt_signal",
    "server.main_loop_interrupt",
    "server.reload_signal",
    "server.respawned_wrks",
    "server.wrks",
    "worker.inner",
    "worker.inner._args",
    "worker.inner.pid",
    "worker.is_alive",
    "worker.terminate",
    "holder.__getstate__",
    "holder.get_fd",
    "spec.build",
)
"""What is used here of a server, of one of its workers, of what holds its socket, and of what makes that."""


class HookedServer(MPServer):
    """One listening socket for all workers, and three hooks around replacing them.

    The first workers are forked, which starts quickly. A fork knows only the code its parent had loaded, so after a
    reload workers are new interpreters.
    """

    listening: socket.socket | None = None
    """A socket that listens already, to be set before `serve`. Granian's own would share its port with everybody who asks."""

    _has_reloaded = False

    def may_reload(self) -> bool:
        """Hook: say whether the workers may be replaced by ones with new code."""
        return True

    def drain(self, pid: int) -> None:
        """Hook: called in the main process before the worker with this number is ended."""

    def forgives_deaths(self) -> bool:
        """Hook: say, at each replacement, whether workers that died by themselves are forgotten; else Granian ends altogether."""
        return False

    def _init_shared_socket(self) -> None:
        server: Any = self
        if self.listening is not None:
            make: Any = SocketHolder
            server._sso, server._sfd = self.listening, self.listening.fileno()
            server._shd = make(server._sfd, False, server.backlog)
            server._sso.set_inheritable(True)
            return
        super()._init_shared_socket()  # type: ignore[no-untyped-call]
        if server._ssp is None:
            return
        server._shd, server._ssp = server._ssp.build(), None
        server._sfd = server._shd.get_fd()
        server._sso = socket.socket(fileno=server._sfd)
        server._sso.set_inheritable(True)

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        try:
            super()._serve_loop(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        except Exception:
            # Threads that wait for workers would keep a process that no longer looks at any signal.
            self.shutdown()  # type: ignore[no-untyped-call]
            raise

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        if not self.may_reload() or self.interrupt_signal:
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
            _drain_before_end(self.wrks[number], self.drain)
        forgives = self.forgives_deaths()
        super()._respawn_workers(workers, spawn_target, target_loader, delay)
        if forgives:
            self.respawned_wrks.clear()


def serve_afresh(
    number: int, name: Any, loader: Any, listening: socket.socket, kind: Any, *rest: Any
) -> None:
    """Serve in a new interpreter, which got the shared socket under another descriptor."""
    make: Any = SocketHolder
    holder = make(listening.fileno(), *kind)
    MPServer._spawn_rsgi_worker(number, name, loader, ((None, holder), listening), *rest)


def _drain_before_end(worker: Any, drain: Callable[[int], None]) -> None:
    end = worker.terminate

    def drain_and_end() -> None:
        if worker.is_alive():
            drain(worker.inner.pid)
        end()

    worker.terminate = drain_and_end
