"""A serving process that is being replaced: it takes no connection away from the others and lets go of its callers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

from app.serving.draining import DRAIN_SIGNAL, Draining
from tests.live import ROOT

LETTING_GO = """
import os, socket
from app.serving.draining import stop_listening
listener = socket.create_server(("127.0.0.1", 0))
address = listener.getsockname()
socket.create_connection(address, timeout=2).close()
if os.fork() == 0:
    listener.accept()
    stop_listening()
    listener.setblocking(False)
    try:
        listener.accept()
    except BlockingIOError:
        os._exit(7)
    os._exit(1)
child, status = os.wait()
assert os.waitstatus_to_exitcode(status) == 7
caller = socket.create_connection(address, timeout=2)
taken, peer = listener.accept()
assert peer == caller.getsockname()
print("the parent goes on")
"""


def test_a_socket_is_let_go_and_stays_open_for_the_others() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LETTING_GO],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "the parent goes on\n", done.stderr


def test_draining_begins_on_its_signal(monkeypatch: Any) -> None:
    let_go: list[bool] = []
    monkeypatch.setattr("app.serving.draining.stop_listening", lambda: let_go.append(True))
    draining = Draining()
    before = signal.getsignal(DRAIN_SIGNAL)
    draining.install()
    try:
        assert (draining.has_begun, let_go) == (False, [])
        signal.raise_signal(DRAIN_SIGNAL)
        assert (draining.has_begun, let_go) == (True, [True])
    finally:
        signal.signal(DRAIN_SIGNAL, before)
