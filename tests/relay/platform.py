"""A platform of WeChat's kind that answers what a test tells it to, byte by byte, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

from tests.security.conftest import MisbehavingServer

Answer = Callable[[bytes], bytes]


def reply(body: bytes, *lines: str, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """Return a whole answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Platform(MisbehavingServer):
    """Gives out real-token-1, -2 and so on; `answer` is what every other call gets, `seen` what those calls were."""

    def __init__(self) -> None:
        super().__init__()
        self.fetches = 0
        self.seen: list[bytes] = []
        self.answer: Answer = lambda request: reply(b'{"errcode":0}')
        self.script = self.serve

    @property
    def token(self) -> str:
        """The token given out last."""
        return f"real-token/{self.fetches}+=real"

    def serve(self, connection: socket.socket, request: bytes) -> None:
        """Answer one request."""
        if request.startswith(b"POST /cgi-bin/stable_token"):
            self.fetches += 1
            connection.sendall(reply(json.dumps({"access_token": self.token, "expires_in": 7200}).encode()))
            return
        self.seen.append(request)
        connection.sendall(self.answer(request))
