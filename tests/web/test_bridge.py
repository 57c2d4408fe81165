"""The bridge to WSGI: short answers in one piece, others as they come, and an application that is always told the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from app.telemetry.logging import TRACE_ID
from app.web.callbacks.bridge import WHOLE_BYTES, Threads, answer_by_wsgi
from tests.loops import run_loop
from tests.web.loop_stage import Server


class Pieces:
    """An answer's pieces that know whether they were closed."""

    def __init__(self, *pieces: bytes):
        self._pieces = pieces
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def close(self) -> None:
        """Remember the end."""
        self.is_closed = True


def answered(
    pieces: Iterable[bytes], *headers: tuple[str, str], server: Server | None = None, written: bytes = b""
) -> Server:
    """Have an application answer with these pieces."""

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        write = start_response("201 Created", list(headers))
        if written:
            write(written)
        return pieces

    server = server or Server()
    answer_by_wsgi(application, {}, server, [("Connection", "close")])
    return server


def test_a_short_answer_goes_out_whole_and_is_closed() -> None:
    pieces = Pieces(b"ab", b"", b"c")
    server = answered(pieces, ("Content-Length", "3"), ("X-Mine", "1"))
    assert (server.status, server.body, server.sent) == (201, b"abc", [])
    assert server.headers == {"content-length": "3", "x-mine": "1", "connection": "close"}
    assert pieces.is_closed


def test_the_answer_to_head_keeps_its_length_without_a_body() -> None:
    server = answered(Pieces(), ("Content-Length", "16"))
    assert (server.body, server.headers["content-length"]) == (b"", "16")


@pytest.mark.parametrize("headers", [(), (("Content-Length", str(WHOLE_BYTES + 1)),)])
def test_an_answer_of_unknown_or_great_length_goes_out_piece_by_piece(headers: Any) -> None:
    pieces = Pieces(b"one", b"two")
    server = answered(pieces, *headers)
    assert (server.status, server.sent) == (201, [b"one", b"two"])
    assert pieces.is_closed


def test_an_empty_answer_of_unknown_length_is_an_answer() -> None:
    server = answered(Pieces())
    assert (server.status, server.body, server.sent) == (201, b"", [])


def test_what_was_written_before_the_pieces_comes_first() -> None:
    assert answered([b" last"], written=b"first").body == b"first last"
    assert answered(Pieces(b" last"), written=b"first").sent == [b"first last"]


def test_an_application_stops_when_its_caller_is_gone() -> None:
    pieces = Pieces(*[b"piece"] * 100)
    server = Server(most_sent=3)
    answered(pieces, server=server)
    assert len(server.sent) == 4
    assert pieces.is_closed


def test_an_application_that_breaks_is_told_to_close() -> None:
    class Breaking(Pieces):
        def __iter__(self) -> Iterator[bytes]:
            yield b"one"
            raise ValueError("in the middle")

    pieces = Breaking()
    with pytest.raises(ValueError, match="in the middle"):
        answered(pieces)
    assert pieces.is_closed


def test_threads_are_bounded_and_work_under_the_callers_trace_id() -> None:
    threads = Threads("few", 2)
    used: set[str] = set()

    def work() -> str | None:
        used.add(threading.current_thread().name)
        return TRACE_ID.get()

    async def story() -> list[str | None]:
        async def one(number: int) -> str | None:
            TRACE_ID.set(str(number))
            return await threads.run(work)

        return list(await asyncio.gather(*(one(number) for number in range(20))))

    assert run_loop(story()) == [str(number) for number in range(20)]
    assert len(used) <= 2
