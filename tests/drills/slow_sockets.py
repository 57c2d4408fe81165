"""Callers that begin and do not go on: silent sockets, heads without a body, bodies that drip; and HTTP/2 frames by hand."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Self

DRIP_SECONDS = 1.0


def half_sent(path: str, length: int = 4000) -> bytes:
    """Return the head of a POST whose body does not follow."""
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()


CHUNKED = b"POST /webhooks/callback HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n{"
BEGINNINGS = (
    b"",
    b"POST /webhooks/cal",
    half_sent("/webhooks/callback"),
    half_sent("/webhooks/callback", 900_000),
    half_sent("/webhooks/nobody"),
    half_sent("/api/v1/commands"),
    half_sent("/oauth/logout"),
    CHUNKED,
)
"""How each caller begins; every other one then sends a byte a second."""


class SlowSockets:
    """Keeps that many slow callers at a gateway; one that is turned away comes again. A context manager."""

    def __init__(self, port: int, count: int, beginnings: Sequence[bytes] = BEGINNINGS):
        self._port = port
        self._count = count
        self._beginnings = beginnings
        self._sockets: dict[int, socket.socket] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._drip_on, daemon=True)
        self.opened = 0
        self.answers: Counter[int] = Counter()
        """Statuses that slow callers were told; 0 for a connection that ended without an answer."""

    def __enter__(self) -> Self:
        for number in range(self._count):
            self._open(number)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        for connection in self._sockets.values():
            connection.close()

    def _open(self, number: int) -> None:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        connection.sendall(self._beginnings[number % len(self._beginnings)])
        connection.setblocking(False)
        self._sockets[number] = connection
        self.opened += 1

    def _drip_on(self) -> None:
        while not self._stopping.wait(DRIP_SECONDS):
            for number, connection in list(self._sockets.items()):
                if self._has_ended(connection, drips=number // len(self._beginnings) % 2 == 1):
                    connection.close()
                    self._open(number)

    def _has_ended(self, connection: socket.socket, *, drips: bool) -> bool:
        """Look for an answer and send a byte; say whether the connection came to its end."""
        try:
            told = connection.recv(65_536)
            self.answers[int(told.split(b" ", 2)[1]) if told else 0] += 1
        except BlockingIOError:
            pass
        except OSError:
            return True
        else:
            return True
        try:
            if drips:
                connection.send(b"x")
        except OSError:
            return True
        return False


def http2_without_bodies(path: str, count: int) -> bytes:
    """Return a connection of HTTP/2 with prior knowledge that opens streams and ends none (RFC 9113, RFC 7541 App. A)."""

    def literal(index: bytes, value: str) -> bytes:
        return index + bytes([len(value)]) + value.encode()

    # :method POST, :scheme http, :path, :authority, content-length
    fields = b"\x83\x86" + literal(b"\x04", path) + literal(b"\x01", "x") + literal(b"\x0f\x0d", "500")
    end_of_headers, headers = b"\x04", b"\x01"
    frames = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"]
    for number in range(count):
        size, stream = len(fields).to_bytes(3, "big"), (2 * number + 1).to_bytes(4, "big")
        frames.append(size + headers + end_of_headers + stream + fields)
    return b"".join(frames)
