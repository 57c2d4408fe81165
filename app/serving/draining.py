"""Being replaced without a failed request: no new connections, and callers are asked to come again over another one.

When Granian's worker is told to end it closes connections that have not sent a request yet, so a caller that has just
connected, or sends over a kept connection at that moment, would be cut off. So the main process first sends a
signal, waits a moment, and only then ends the worker.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from pathlib import Path

DRAIN_SIGNAL = signal.SIGUSR1
DRAIN_SECONDS = 1.0
OPEN_FILES = Path("/proc/self/fd")


class Draining:
    """What a serving process does between the two signals; while `has_begun`, its answers carry `Connection: close`."""

    def __init__(self) -> None:
        self.has_begun = False

    def install(self) -> None:
        """Begin on the signal; call this in the main thread."""
        signal.signal(DRAIN_SIGNAL, self._begin)

    def _begin(self, _number: int, _frame: object) -> None:
        self.has_begun = True
        stop_listening()


def stop_listening() -> None:
    """Take this process's hands off its listening sockets, which the other processes go on using.

    The server owns them and offers no way to pause. Behind the same descriptor a socket is put that nobody can reach:
    the next look for a connection finds none, and the real queue is left to the others.
    """
    if not OPEN_FILES.exists():
        return
    unreachable = socket.socket(socket.AF_UNIX)
    unreachable.bind("")
    unreachable.listen()
    unreachable.setblocking(False)
    for name in os.listdir(OPEN_FILES):
        if is_listening(int(name)) and int(name) != unreachable.fileno():
            os.dup2(unreachable.fileno(), int(name))


def is_listening(descriptor: int) -> bool:
    """Say whether a descriptor is a TCP socket that takes connections."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as copy:
        is_tcp = copy.family in (socket.AF_INET, socket.AF_INET6)
        return is_tcp and bool(copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    return False
