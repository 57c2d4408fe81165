"""What goes wrong in the main process itself: a reload is refused, or the server ends; it never lives on deaf to every signal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from granian.constants import Interfaces
from structlog.testing import capture_logs

from app.serving.granian_parts import HookedServer
from app.serving.rolling import RollingServer


def rolling_server(kind: type[HookedServer]) -> Any:
    """Return a server that has no workers and doesn't listen, and was asked to reload."""
    server: Any = kind("app:nothing", interface=Interfaces.RSGI)
    server.reload_signal = True
    server.main_loop_interrupt.set()
    return server


def test_a_reload_is_refused_where_no_process_can_be_started_to_try_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = rolling_server(RollingServer)
    folder = tmp_path / "replaced-by-a-deployment"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()

    with capture_logs() as logged:
        may_reload = server.may_reload()

    assert not may_reload
    assert [line["event"] for line in logged] == ["trial_not_started", "reload_refused"]
    assert "No such file or directory" in logged[0]["reason"]


class Failing(HookedServer):
    """A server whose main loop meets a fault, and that says whether it was shut down."""

    ended = False

    def may_reload(self) -> bool:
        """Fail as a machine without a free process number does."""
        raise BlockingIOError("Resource temporarily unavailable")

    def shutdown(self, exit_code: int = 0) -> None:
        """Note it."""
        self.ended = True


def test_a_fault_of_the_main_process_ends_its_workers_too() -> None:
    server = rolling_server(Failing)

    with pytest.raises(BlockingIOError):
        server._serve_loop(None, None)

    assert server.ended, "workers that live on keep a process that no signal can stop"
