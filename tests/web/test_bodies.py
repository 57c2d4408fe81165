"""Bodies on the loop: whole or refused, within the time and the memory there is, and refusals that can be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from app.core.errors import CallgateError
from app.web.callbacks import bodies
from app.web.callbacks.bodies import BodyReader, Room
from tests.loops import run_loop
from tests.web.loop_stage import Server

LIMIT = 100_000


def reader_of(server: Server, environ: Mapping[str, str], room: Room | None = None) -> BodyReader:
    return BodyReader(server, environ, room or Room())


def declared(size: int) -> dict[str, str]:
    return {"CONTENT_LENGTH": str(size)}


CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked"}


def refusal(reader: BodyReader, limit: int = LIMIT) -> tuple[int, str]:
    """Return status and word of the refusal that reading ends with."""
    with pytest.raises(CallgateError) as caught:
        run_loop(reader.read(limit))
    return caught.value.http_status, caught.value.code


@pytest.mark.parametrize("size", [1, 16_384, 16_385, LIMIT])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_is_read_whole(size: int, is_chunked: bool) -> None:
    content = bytes(size % 251 for _ in range(size))
    pieces = [content[start : start + 7_777] for start in range(0, size, 7_777)]
    reader = reader_of(Server(pieces), CHUNKED if is_chunked else declared(size))
    assert run_loop(reader.read(LIMIT)) == content
    assert reader.is_whole


@pytest.mark.parametrize("environ", [{}, {"CONTENT_LENGTH": ""}, {"CONTENT_LENGTH": "0"}])
def test_without_a_length_nothing_is_read(environ: dict[str, str]) -> None:
    server = Server([b"not asked for"])
    reader = reader_of(server, environ)
    assert (run_loop(reader.read(LIMIT)), reader.is_whole, server.read) == (b"", True, 0)


def test_a_declared_length_over_the_limit_is_refused_without_reading() -> None:
    server = Server([b"x" * 1000])
    assert refusal(reader_of(server, declared(LIMIT + 1))) == (413, "body_too_large")
    assert server.read == 0


def test_chunks_are_counted_and_refused_at_the_limit() -> None:
    server = Server([b"x" * 1000] * 1000)
    assert refusal(reader_of(server, CHUNKED), limit=10_000) == (413, "body_too_large")
    assert server.read == 11_000


@pytest.mark.parametrize("environ", [CHUNKED, declared(20), declared(20_000)])
def test_a_body_that_breaks_off_is_refused(environ: dict[str, str]) -> None:
    server = Server([b"half"], is_broken=True)
    assert refusal(reader_of(server, environ)) == (400, "truncated_body")


@pytest.mark.parametrize("environ", [CHUNKED, declared(20), declared(20_000)])
def test_a_body_that_trickles_is_refused_when_its_time_is_over(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.1)
    server = Server([b"a", 0.04] * 1000)
    assert refusal(reader_of(server, environ)) == (408, "body_too_slow")
    assert server.read <= 4


def test_larger_bodies_share_a_bounded_memory() -> None:
    room = Room(50_000)
    first = reader_of(Server([b"x" * 30_000]), declared(30_000), room)
    second = Server([b"x" * 30_000])
    run_loop(first.read(LIMIT))
    assert refusal(reader_of(second, declared(30_000), room)) == (503, "too_busy")
    first.close()
    assert run_loop(reader_of(second, declared(30_000), room).read(LIMIT))


def test_what_a_refused_sender_still_sends_is_thrown_away() -> None:
    server = Server([b"x" * 50_000] * 80)
    reader = reader_of(server, declared(4_000_000))
    refusal(reader)
    run_loop(reader.drain())
    assert server.read == 4_000_000


def test_throwing_away_has_an_end_in_bytes_and_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "DRAIN_BYTES", 100_000)
    monkeypatch.setattr(bodies, "DRAIN_SECONDS", 0.1)
    flood, drip = Server([b"x" * 50_000] * 80), Server([b"x", 0.04] * 1000)
    for server in (flood, drip):
        run_loop(reader_of(server, declared(4_000_000)).drain())
    assert flood.read == 100_000
    assert drip.read <= 4


def test_a_sender_that_waits_to_be_asked_is_not_asked() -> None:
    server: Any = Server([b"x" * 50_000])
    reader = reader_of(server, {"HTTP_EXPECT": "100-continue", **declared(4_000_000)})
    refusal(reader)
    run_loop(reader.drain())
    assert server.read == 0
