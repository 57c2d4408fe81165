"""The load generator against small servers that misbehave in known ways."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bench import generators
from bench.load import CLOSED, get, post, run

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Serve = Callable[[socket.socket, bytes], bool]


@contextmanager
def server(serve: Serve) -> Iterator[int]:
    """Serve every connection in a thread; `serve` answers one request and says whether to go on."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    stopped = threading.Event()
    threads: list[threading.Thread] = []

    def talk(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                while (request := _request(connection)) and serve(connection, request):
                    pass
            except OSError:
                return

    def accept() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threads.append(threading.Thread(target=talk, args=(connection,)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        stopped.set()
        accepting.join()
        listener.close()
        for thread in threads:
            thread.join()


def _request(connection: socket.socket) -> bytes:
    """Read one request with its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    at = head.lower().find(b"content-length:")
    length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    while len(body) < length:
        body += connection.recv(65_536)
    return data


def answer(content: bytes) -> Serve:
    def serve(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(content)
        return True

    return serve


def test_every_request_is_sent_once_and_every_answer_counted():
    seen: list[bytes] = []

    def serve(connection: socket.socket, request: bytes) -> bool:
        seen.append(request.split(b" ", 2)[1])
        connection.sendall(OK if b"/0" in request else b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        return True

    with server(serve) as port:
        result = run(port, [post(f"/{number % 2}", b"x" * 1024, {}) for number in range(50)], connections=4)
    assert sorted(seen) == [b"/0"] * 25 + [b"/1"] * 25
    assert result.statuses == {200: 25, 503: 25}
    assert (result.good, result.bad, len(result.latencies)) == (25, 25, 50)


def test_latencies_are_those_of_the_answers():
    def serve(connection: socket.socket, _request: bytes) -> bool:
        time.sleep(0.05)
        connection.sendall(OK)
        return True

    with server(serve) as port:
        result = run(port, [get("/")] * 4, connections=2)
    assert 50 <= result.percentile(0.5) < 1000
    assert result.seconds >= 0.1


def test_an_answer_that_comes_in_pieces_is_one_answer():
    def serve(connection: socket.socket, _request: bytes) -> bool:
        for piece in (OK[:7], OK[7:30], OK[30:-1], OK[-1:]):
            connection.sendall(piece)
            time.sleep(0.01)
        return True

    with server(serve) as port:
        result = run(port, [get("/")] * 3, connections=1, keep_answers=True)
    assert result.statuses == {200: 3}
    assert result.answers == [OK] * 3


def test_an_answer_in_chunks_ends_with_the_last_one():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    with server(answer(chunked)) as port:
        result = run(port, [get("/")] * 3, connections=1)
    assert result.statuses == {200: 3}


def test_a_server_that_closes_is_counted_and_the_rest_still_sent():
    lock, count = threading.Lock(), iter(range(1000))

    def serve(connection: socket.socket, _request: bytes) -> bool:
        with lock:
            cut = next(count) % 3 == 0
        if not cut:
            connection.sendall(OK)
        return not cut

    with server(serve) as port:
        result = run(port, [get("/")] * 30, connections=2)
    assert result.statuses == {CLOSED: 10, 200: 20}
    assert result.bad == 10


def test_a_server_that_ends_each_connection_gets_a_new_one_for_each_request():
    seen = []

    def once(connection: socket.socket, _request: bytes) -> bool:
        seen.append(id(connection))
        connection.sendall(OK)
        time.sleep(0.02)
        return False

    with server(once) as port:
        result = run(port, [get("/")] * 12, connections=3, keep_connections=False)
    assert (result.good, result.bad) == (12, 0)
    assert len(seen) == 12


def test_a_server_that_always_closes_ends_the_run():
    with server(lambda _connection, _request: False) as port, pytest.raises(ConnectionError):
        run(port, [get("/")] * 1000, connections=2)


def test_a_silent_server_is_left_when_the_time_is_over():
    silence = threading.Event()

    def serve(_connection: socket.socket, _request: bytes) -> bool:
        return not silence.wait(20)

    with server(serve) as port:
        result = run(port, [get("/")] * 10, connections=2, seconds=0.2)
        silence.set()
    assert result.seconds < 5
    assert (result.good, result.unanswered, result.bad) == (0, 2, 2)


def test_a_fixed_rate_is_kept():
    with server(answer(OK)) as port:
        result = run(port, [get("/")] * 20, connections=4, rate=100)
    assert 0.19 <= result.seconds < 2
    assert result.statuses == {200: 20}


def test_at_a_fixed_rate_a_stall_shows_in_what_was_due_meanwhile():
    first = threading.Lock()

    def serve(connection: socket.socket, _request: bytes) -> bool:
        if first.acquire(blocking=False):
            time.sleep(0.3)
        connection.sendall(OK)
        return True

    with server(serve) as port:
        result = run(port, [get("/")] * 20, connections=1, rate=100)
    assert sum(latency > 0.1 for latency in result.latencies) >= 10


def test_what_is_on_its_way_when_the_time_is_over_is_waited_for():
    def serve(connection: socket.socket, _request: bytes) -> bool:
        time.sleep(0.15)
        connection.sendall(OK)
        return True

    with server(serve) as port:
        result = run(port, [get("/")] * 100, connections=2, seconds=0.2)
    assert result.bad == 0
    assert 2 <= result.good < 20


def test_a_server_that_does_not_come_back_ends_the_run_and_what_it_answered_is_kept():
    def serve(connection: socket.socket, request: bytes) -> bool:
        is_last = b"/3" in request
        if is_last:
            listener.close()
        else:
            connection.sendall(OK)
        return not is_last

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_one_connection, args=(listener, serve))
    thread.start()
    port = int(listener.getsockname()[1])
    targets = [get(f"/{number}") for number in range(10)]
    result = run(port, targets, connections=1, keep_answers=True, until_gone=True)
    thread.join()
    assert result.answers == [OK] * 3 + [b""] * 7
    assert result.good == 3


def _one_connection(listener: socket.socket, serve: Serve) -> None:
    connection, _ = listener.accept()
    with connection:
        while (request := _request(connection)) and serve(connection, request):
            pass


def test_without_wrk_python_sends_and_the_report_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert "wrk is not installed" in generators.name()
    with server(answer(OK)) as port:
        result = generators.run(port, [get("/")] * 10, connections=2, seconds=5)
    assert (result.good, result.bad) == (10, 0)
