"""A server of the loop's kind for tests: requests as values, answers kept, bodies that come in pieces, late or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.web.callbacks.loop_front import LoopFront
from tests.loops import run_loop


class Headers:
    """Headers in small letters, repeated ones in their order."""

    def __init__(self, pairs: Sequence[tuple[str, str]]):
        self._pairs = [(name.lower(), value) for name, value in pairs]

    def items(self) -> Sequence[tuple[str, str]]:
        """Return every value."""
        return self._pairs

    def keys(self) -> Sequence[str]:
        """Return every name once."""
        return list(dict(self._pairs))

    def __len__(self) -> int:
        return len(self.keys())


@dataclass
class Scope:
    """A request's head."""

    method: str = "GET"
    path: str = "/"
    headers: Any = ()
    query_string: str = ""
    http_version: str = "1.1"
    scheme: str = "http"
    server: str = "127.0.0.1:5003"
    client: str = "203.0.113.7:40000"
    authority: str | None = None

    def __post_init__(self) -> None:
        self.headers = Headers(self.headers)


class Sent:
    """What sending a piece returns; `is_gone` makes it fail when it is looked at."""

    def __init__(self, is_gone: bool):
        self._is_gone = is_gone

    def __await__(self) -> Any:
        if self._is_gone:
            raise RuntimeError("the caller is gone")
        return iter(())


@dataclass
class Server:
    """The server's side: gives the pieces of a body, keeps the answer. A number among the pieces is a wait in seconds."""

    pieces: Sequence[bytes | float] = ()
    is_broken: bool = False
    most_sent: int = 1_000_000
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    sent: list[bytes] = field(default_factory=list)
    read: int = 0
    read_before_answer: int = 0

    async def __call__(self) -> bytes:
        found = [piece async for piece in self]
        if self.is_broken:
            raise RuntimeError("the transport is closed")
        return b"".join(found)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, bytes):
                self.read += len(piece)
                yield piece
            else:
                await asyncio.sleep(piece)
        # This is how the server tells the end, and a body that broke off.
        for _ in range(2 if self.is_broken else 1):
            yield b""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Keep a whole answer."""
        assert not self.status, "answered twice"
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}
        self.read_before_answer = self.read

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Server:
        """Begin an answer in pieces."""
        self.response_bytes(status, headers, b"")
        return self

    def send_bytes(self, data: bytes) -> Any:
        """Keep a piece of the answer."""
        self.sent.append(data)
        return Sent(len(self.sent) > self.most_sent)

    def json(self) -> Any:
        """Return the answer's JSON."""
        return json.loads(self.body)


def run(front: LoopFront, story: Callable[[], Awaitable[Any]]) -> Any:
    """Run a story on a loop that the front serves."""

    async def start() -> Any:
        front.__rsgi_init__(asyncio.get_running_loop())
        try:
            return await story()
        finally:
            await asyncio.to_thread(front._commits.stop)

    return run_loop(start())


def ask(
    front: LoopFront,
    method: str,
    path: str,
    *pieces: bytes | float,
    headers: Sequence[tuple[str, str]] = (),
    chunked: bool = False,
    server: Server | None = None,
    **scope: Any,
) -> Server:
    """Send one request and return the server's side of it with the answer."""
    server = server or Server()
    server.pieces = pieces
    size = sum(len(piece) for piece in pieces if isinstance(piece, bytes))
    named = {name.lower() for name, _ in headers}
    if chunked:
        headers = [*headers, ("Transfer-Encoding", "chunked")]
    elif size and "content-length" not in named:
        headers = [*headers, ("Content-Length", str(size))]
    head = Scope(method, path, headers, **scope)
    run(front, lambda: front.__rsgi__(head, server))
    return server
