"""The bridge from the event loop to WSGI: threads for what may wait, and an application's answer sent from its thread.

The body was read on the loop before, so a thread is only taken for as long as the application works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")
Wsgi = Callable[[Any, Callable[..., Any]], Iterable[bytes]]

WHOLE_BYTES = 1_048_576
"""An answer whose length is known and not above this is sent in one piece."""


class Stream(Protocol):
    """An answer under way."""

    def send_bytes(self, data: bytes) -> Awaitable[None]:
        """Send a piece; what is returned raises RuntimeError when the caller is gone."""


class Responder(Protocol):
    """The server's side of an answer; may be used from any thread."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send a whole answer."""

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Stream:
        """Begin an answer in pieces."""


RunInThread = Callable[[Callable[[], T]], Awaitable[T]]
Rest = Callable[[RunInThread[Any], Callable[[], bool]], Coroutine[Any, Any, None]]
"""Sends the rest of an answer, given threads for what may wait and whether the process leaves."""


@runtime_checkable
class GoesOn(Protocol):
    """The pieces of an answer that goes on for as long as its caller listens."""

    async def go_on(self, stream: Stream, run: RunInThread[Any], is_leaving: Callable[[], bool]) -> None:
        """Send them on the event loop."""


class Threads:
    """A bounded number of threads, made when they are first needed; what comes meanwhile waits in its order."""

    def __init__(self, name: str, most: int):
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix=name)

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Run something in a thread, under the trace id of the calling task."""
        return asyncio.get_running_loop().run_in_executor(self._pool, copy_context().run, work)


class _Head:
    """Status and headers as the application gives them."""

    def __init__(self, extra: Sequence[tuple[str, str]]):
        self._extra = extra
        self.status = 200
        self.headers: list[tuple[str, str]] = []
        self.written: list[bytes] = []

    def start(self, status: str, headers: Sequence[tuple[str, str]], *_: Any) -> Callable[[bytes], Any]:
        self.status = int(status.partition(" ")[0])
        self.headers = [*((name, _text_of(value)) for name, value in headers), *self._extra]
        return self.written.append

    def take_written(self) -> bytes:
        """Return what was written before the pieces began, once."""
        written, self.written[:] = b"".join(self.written), []
        return written

    @property
    def is_short(self) -> bool:
        """Whether the answer's length is known and small."""
        lengths = [value for name, value in self.headers if name.lower() == "content-length"]
        return bool(lengths) and lengths[0].isdigit() and int(lengths[0]) <= WHOLE_BYTES


def _text_of(value: str) -> str:
    """Return a header's value as text: WSGI has a letter for each byte, and this server writes UTF-8."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def answer_by_wsgi(
    application: Wsgi, environ: dict[str, Any], to: Responder, extra: Sequence[tuple[str, str]] = ()
) -> Rest | None:
    """Have an application answer a request, with some headers added; call this in a thread.

    What is returned is the rest of an answer that goes on: the event loop sends it, and the thread is free.
    """
    head = _Head(extra)
    pieces = application(environ, head.start)
    if isinstance(pieces, GoesOn):
        return partial(pieces.go_on, to.response_stream(head.status, head.headers))
    try:
        if isinstance(pieces, list) or head.is_short:
            body = b"".join(pieces)
            to.response_bytes(head.status, head.headers, head.take_written() + body)
        else:
            _stream(head, pieces, to)
    finally:
        if hasattr(pieces, "close"):
            pieces.close()
    return None


def _stream(head: _Head, pieces: Iterable[bytes], to: Responder) -> None:
    """Send piece by piece, each as soon as the application has it; stop when the caller is gone."""
    stream: Stream | None = None
    for piece in pieces:
        if stream is None:
            stream = to.response_stream(head.status, head.headers)
        if not _is_sent(stream, head.take_written() + piece):
            return
    if stream is None:
        to.response_bytes(head.status, head.headers, head.take_written())


def _is_sent(stream: Stream, data: bytes) -> bool:
    """Send a piece; False when the caller is gone. The server answers at once, so nothing has to be awaited."""
    try:
        next(iter(stream.send_bytes(data).__await__()), None)
    except RuntimeError:
        return False
    return True
