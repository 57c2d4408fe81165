"""Starts the gateway's programs the quick way: as forks of a process that has loaded everything they load (tests/preloaded.py).

Python and the gateway's modules take a second of a core for each start, and the suite makes hundreds of them. Such a
program is a process as any other one: it has a session, an environment, a folder and a memory of its own, and it can be killed.
Cold starts are seen in tests/made_up, tests/upgrade and some of tests/serving.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[1]
CAN_PRELOAD = sys.platform == "linux" and hasattr(os, "pidfd_open")
PASSED_ON = {"PATH", "PYTHONPATH"}


class Program(Protocol):
    """What both kinds of starts give: the part of subprocess.Popen that tests use."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...


class ForkedProgram:
    """A program that the preloaded process became."""

    def __init__(self, pid: int, ended: int):
        """`ended` is what its exit code can be read from once it ended."""
        self.pid = pid
        self.returncode: int | None = None
        self._ended = ended
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when it ended; raises subprocess.TimeoutExpired."""
        with self._lock:
            if self.returncode is None:
                if not select.select([self._ended], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
                self.returncode = int(os.read(self._ended, 16) or -signal.SIGKILL)
                os.close(self._ended)
            return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send a signal unless it ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)


class Preloaded:
    """The process that has loaded everything; it is started when the first program is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: socket.socket | None = None

    def start(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str], out: int, error: int
    ) -> ForkedProgram:
        """Have it become `python -m …`."""
        order = {
            "words": list(words),
            "folder": str(folder),
            "environment": dict(environment),
            "cores": list(os.sched_getaffinity(0)),
        }
        ended, told = os.pipe()
        with self._lock:
            asked = self._asked or self._open()
            socket.send_fds(asked, [json.dumps(order).encode()], [out, error, told])
            pid = int(asked.recv(16))
        os.close(told)
        return ForkedProgram(pid, ended)

    def _open(self) -> socket.socket:
        self._asked, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tests.preloaded", str(other.fileno())],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        atexit.register(self._close, self._asked, process)
        return self._asked

    @staticmethod
    def _close(asked: socket.socket, process: subprocess.Popen[bytes]) -> None:
        asked.close()
        process.wait()


_preloaded = Preloaded()


def start_program(
    words: Sequence[str], *, folder: Path, environment: Mapping[str, str], out: int, error: int | None = None
) -> Program:
    """Start `python -m …` in a session of its own; `out` and `error` are open files, `error` the same when left out."""
    error = out if error is None else error
    python = {name for name in environment if name.startswith("PYTHON")}
    if CAN_PRELOAD and python <= PASSED_ON:
        return _preloaded.start(words, folder, environment, out, error)
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment,
        stdout=out,
        stderr=error,
        start_new_session=True,
    )


def run_program(
    words: Sequence[str], *, folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `python -m …` to its end and return what it said."""
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(open(os.memfd_create(name), "w+b")) for name in ("out", "error")]
        out, error = (file.fileno() for file in files)
        code = start_program(words, folder=folder, environment=environment, out=out, error=error).wait()
        said = []
        for file in files:
            file.seek(0)
            said.append(file.read().decode("utf-8"))
    return subprocess.CompletedProcess(list(words), code, *said)
