"""Server-sent events: an answer that goes on while something happens (WHATWG HTML, Server-sent events, read 2026-11-29).

Under `flask serve` the event loop sends it, so that a listener holds no thread (web/callbacks/bridge.py asks for `go_on`). Any
other WSGI server walks over it in the thread of the request.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from flask import Response, request

from app.core.errors import CallgateError
from app.core.exact_json import write_json
from app.pipeline.operators.live import Change, Listener, Live, read_position, read_topics
from app.pipeline.services import Services
from app.web.callbacks.bridge import RunInThread, Stream

HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 0.5
"""How soon an answer ends once the process is to leave."""

MOST_WAITING = 200
HEARTBEAT = b": still here\n\n"
BEGINNING = b"retry: 2000\n\n"
RESET = b"event: reset\ndata: {}\n\n"
ENCODING = "text/event-stream"


def live_of(services: Services) -> Live:
    """Return the watcher of this process; all views share it."""
    runtime = services.runtime
    if runtime.live is None:
        runtime.live = Live(services)
    found = runtime.live
    assert isinstance(found, Live)
    return found


def live_response(services: Services, may_listen: Callable[[], bool]) -> Response:
    """Return an answer that tells what happens, by `topics=` and Last-Event-ID; raises RequestError, RefusedError 503.

    The caller was let in before this; `may_listen` is asked again every HEARTBEAT_SECONDS, outside of any request, and ends the
    answer when it says no. A new listener is told from now on; one that comes back first hears what it missed, or `reset`
    where that was too long ago or too much.
    """
    live = live_of(services)
    live.check_room()
    topics = read_topics(request.args.get("topics"))
    position = read_position(request.headers.get("Last-Event-ID"))
    answer = LiveAnswer(live, topics, position, may_listen)
    response = Response(answer, content_type=f"{ENCODING}; charset=utf-8", direct_passthrough=True)
    response.headers["Cache-Control"] = "no-store"
    # nginx would keep the pieces back otherwise (ngx_http_proxy_module, X-Accel-Buffering, read 2026-11-29).
    response.headers["X-Accel-Buffering"] = "no"
    return response


class LiveAnswer:
    """The pieces of one such answer, for a loop or for a thread; it listens once the first piece is asked for."""

    def __init__(
        self, live: Live, topics: frozenset[str], position: int | None, may_listen: Callable[[], bool]
    ) -> None:
        self._live = live
        self._topics = topics
        self._position = position
        self._may_listen = may_listen
        self._listener: Listener | None = None

    async def go_on(self, stream: Stream, run: RunInThread[Any], is_leaving: Callable[[], bool]) -> None:
        """Send on the event loop until the caller is gone, may listen no more, or the process leaves."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[Change] = asyncio.Queue(MOST_WAITING)
        lost = asyncio.Event()

        def put(change: Change) -> None:
            lost.set() if waiting.full() else waiting.put_nowait(change)

        def deliver(change: Change) -> None:
            loop.call_soon_threadsafe(put, change)

        try:
            await stream.send_bytes(BEGINNING + await run(partial(self._begin, deliver)))
            beat_at = time.monotonic() + HEARTBEAT_SECONDS
            while not is_leaving():
                piece = await _next_piece(waiting, lost)
                if time.monotonic() >= beat_at:
                    if not await run(self._may_listen):
                        return
                    piece, beat_at = piece or HEARTBEAT, time.monotonic() + HEARTBEAT_SECONDS
                if piece:
                    await stream.send_bytes(piece)
        except (RuntimeError, CallgateError):
            return  # The caller is gone, or others took the last place meanwhile.
        finally:
            self.close()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces in the thread of a request."""
        waiting: queue.Queue[Change] = queue.Queue(MOST_WAITING)
        lost = threading.Event()

        def put(change: Change) -> None:
            lost.set() if waiting.full() else waiting.put_nowait(change)

        try:
            yield BEGINNING + self._begin(put)
            beat_at = time.monotonic() + HEARTBEAT_SECONDS
            while True:
                piece = _waited_for(waiting, lost, max(0.0, beat_at - time.monotonic()))
                if time.monotonic() >= beat_at:
                    if not self._may_listen():
                        return
                    piece, beat_at = piece or HEARTBEAT, time.monotonic() + HEARTBEAT_SECONDS
                if piece:
                    yield piece
        finally:
            self.close()

    def close(self) -> None:
        """Leave."""
        if self._listener is not None:
            self._live.leave(self._listener)
            self._listener = None

    def _begin(self, deliver: Callable[[Change], object]) -> bytes:
        """Listen, and return what was missed; listening comes first, so that nothing falls between."""
        self._listener = self._live.listen(self._topics, deliver)
        if self._position is None:
            return b""
        missed = self._live.missed(self._topics, self._position)
        return RESET if missed is None else b"".join(map(_written, missed))


async def _next_piece(waiting: asyncio.Queue[Change], lost: asyncio.Event) -> bytes:
    """Return what is to be sent next, nothing where for a moment there is nothing."""
    if lost.is_set():
        lost.clear()
        while not waiting.empty():
            waiting.get_nowait()
        return RESET
    try:
        return _written(await asyncio.wait_for(waiting.get(), LOOK_SECONDS))
    except TimeoutError:
        return b""


def _waited_for(waiting: queue.Queue[Change], lost: threading.Event, seconds: float) -> bytes:
    """Return what is to be sent next in a thread, nothing where so long there is nothing."""
    if lost.is_set():
        lost.clear()
        with suppress(queue.Empty):
            while True:
                waiting.get_nowait()
        return RESET
    try:
        return _written(waiting.get(timeout=seconds))
    except queue.Empty:
        return b""


def _written(change: Change) -> bytes:
    said = write_json({"items": list(change.items), "more": change.more})
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (change.position, change.topic.encode(), said)
