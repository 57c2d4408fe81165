"""Load by wrk against small servers: each request once, every answer waited for and counted, and what wrk said read right."""

from __future__ import annotations

import socket
import time
from collections import Counter

import pytest

from bench import wrk
from bench.load import REFUSED, post
from bench.ports import free_port
from tests.bench.needed import need
from tests.bench.test_load import OK, server

NO = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def _installed() -> None:
    need(wrk.program() is not None, "wrk is not installed")


@pytest.fixture
def seen() -> Counter[bytes]:
    """Count what arrives, by its body."""
    return Counter()


def requests(count: int) -> list[bytes]:
    return [post("/", f"{number:04}\r\n\0".encode() + b"x" * 1024, {}) for number in range(count)]


def test_wrk_sends_every_request_once_and_counts_every_answer(seen: Counter[bytes]):
    def serve(connection: socket.socket, request: bytes) -> bool:
        body = request.partition(b"\r\n\r\n")[2]
        seen[body] += 1
        connection.sendall(NO if int(body[:4]) % 4 == 0 else OK)
        return True

    with server(serve) as port:
        result = wrk.run(port, requests(100), connections=4, seconds=20)
    assert set(seen.values()) == {1}
    assert len(seen) == 100
    assert result.statuses == {200: 75, REFUSED: 25}
    assert (result.good, result.bad) == (75, 25)


def test_wrk_ends_when_all_is_answered_and_its_time_is_that_of_the_last_answer():
    def serve(connection: socket.socket, _request: bytes) -> bool:
        time.sleep(0.05)
        connection.sendall(OK)
        return True

    with server(serve) as port:
        began = time.perf_counter()
        result = wrk.run(port, requests(8), connections=2, seconds=20)
        assert time.perf_counter() - began < 10
    assert 0.2 <= result.seconds < 5
    assert 50 <= result.percentile(0.5) < 2000
    assert 0 < result.busy < 1


def test_wrk_waits_for_what_is_on_its_way_when_the_time_is_over(seen: Counter[bytes]):
    def serve(connection: socket.socket, request: bytes) -> bool:
        seen[request] += 1
        time.sleep(0.8 if b"0000" in request else 0.02)
        connection.sendall(OK)
        return True

    with server(serve) as port:
        result = wrk.run(port, requests(200), connections=2, seconds=0.3)
    assert result.bad == 0
    assert result.good == seen.total() < 200
    assert result.seconds >= 0.8


def test_a_request_whose_connection_ends_is_bad():
    def serve(connection: socket.socket, request: bytes) -> bool:
        is_cut = b"0003" in request
        if not is_cut:
            connection.sendall(OK)
        return not is_cut

    with server(serve) as port:
        result = wrk.run(port, requests(20), connections=1, seconds=20)
    assert (result.good, result.bad) == (19, 1)


def test_a_server_that_is_not_there_is_no_result_of_zero():
    with pytest.raises(wrk.WrkFailed, match="refused"):
        wrk.run(free_port(), requests(2), connections=1, seconds=0.1)
