"""A TCP proxy that a test can cut and open again, or make slow: a server that is away or late, without touching the real one."""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import threading
import time
from typing import Self

from tests.ports import free_port


class CutProxy:
    """Passes bytes between its port and a server while it is open; a context manager that starts open."""

    def __init__(self, host: str, port: int):
        self._target = (host, port)
        self.port = free_port()
        self.late = (0.0, 0.0)
        """How long each answer is kept back, in seconds: something between these two."""
        self._listener: socket.socket | None = None
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()

    def open(self) -> None:
        """Listen, and connect whoever comes."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Refuse new connections and end those there are."""
        listener, self._listener = self._listener, None
        if listener is not None:
            _close(listener)
        with self._lock:
            for pair in self._pairs:
                for end in pair:
                    _close(end)
            self._pairs.clear()

    def mend(self) -> None:
        """Open it, if it is cut."""
        if self._listener is None:
            self.open()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection(self._target, timeout=3)
            except OSError:
                return
            server.settimeout(None)
            with self._lock:
                self._pairs.append((client, server))
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is server:
                        time.sleep(random.uniform(*self.late))
                    data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                    if not data:
                        raise OSError
                    key.data.sendall(data)
        _close(client)
        _close(server)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
