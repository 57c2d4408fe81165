"""The load generator in Python: requests prepared as bytes, sent over kept connections, one answer awaited on each.

It keeps answers and a fixed rate, which wrk cannot; where only the most matters, bench/generators.py takes wrk. It does nothing between two requests but read a status line and a length, so that it costs the measured server little.
Only this machine is ever a target, and every run ends by its count of requests or by its time.
"""

from __future__ import annotations

import gc
import selectors
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"
HEAD_END = b"\r\n\r\n"
CLOSED = 0
"""Stands among the statuses for a request whose connection ended before its answer."""

REFUSED = 400
"""Stands for any status from 400 up, where the generator does not tell them apart."""

CONNECT_SECONDS = 10
LAST_ANSWERS_SECONDS = 5.0
MOST_CLOSED_IN_A_ROW = 100


@dataclass
class Result:
    """What one run gave; latencies are seconds, `statuses` counts answers by status, `unanswered` what got no answer in time."""

    seconds: float
    statuses: dict[int, int]
    latencies: list[float] = field(repr=False)
    unanswered: int = 0
    answers: list[bytes] = field(default_factory=list, repr=False)
    busy: float = 0.0
    """The share of one core that the generator itself took."""

    @property
    def good(self) -> int:
        """Count the answers below 400."""
        return sum(count for status, count in self.statuses.items() if CLOSED < status < 400)

    @property
    def bad(self) -> int:
        """Count the requests that were refused, cut off or never answered."""
        return sum(self.statuses.values()) - self.good + self.unanswered

    @property
    def per_second(self) -> float:
        """Return good answers a second."""
        return self.good / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Return a latency in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


def together(parts: Sequence[Result]) -> Result:
    """Return several runs as one; the time between them does not count."""
    statuses: Counter[int] = Counter()
    for part in parts:
        statuses.update(part.statuses)
    return Result(
        seconds=sum(part.seconds for part in parts),
        statuses=dict(statuses),
        latencies=[latency for part in parts for latency in part.latencies],
        unanswered=sum(part.unanswered for part in parts),
        busy=max((part.busy for part in parts), default=0.0),
    )


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return a whole POST as bytes."""
    return _request("POST", path, headers | {"Content-Length": str(len(body))}) + body


def get(path: str, headers: dict[str, str] | None = None) -> bytes:
    """Return a whole GET as bytes."""
    return _request("GET", path, headers or {})


def _request(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + HEAD_END


def run(
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    rate: float | None = None,
    seconds: float = 30.0,
    keep_answers: bool = False,
    keep_connections: bool = True,
    until_gone: bool = False,
) -> Result:
    """Send each request once over that many connections; with `rate`, at that many a second in all.

    A server that ends a connection after its answer, and so swallows what comes next on it, needs `keep_connections=False`.
    With `until_gone` a server that does not come back ends the run, and what it had answered is returned.
    At a fixed rate a latency counts from when the request was due, so that a stalled server cannot hide its queue.
    """
    load = _Load(
        port,
        requests,
        rate=rate,
        seconds=seconds,
        keep_answers=keep_answers,
        keep_connections=keep_connections,
    )
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        load.connect(min(connections, len(requests)))
        load.send_all()
    except ConnectionError:
        if not until_gone:
            raise
    finally:
        load.close()
        if was_collecting:
            gc.enable()
    return load.result()


class _Connection:
    __slots__ = ("buffer", "number", "since", "socket")

    def __init__(self, port: int):
        self.socket = socket.create_connection((HOST, port), timeout=CONNECT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.buffer = b""
        self.since = 0.0
        self.number = -1


class _Load:
    """One run: its connections, and what has been sent and answered so far."""

    def __init__(
        self,
        port: int,
        requests: Sequence[bytes],
        *,
        rate: float | None,
        seconds: float,
        keep_answers: bool,
        keep_connections: bool,
    ):
        self._port = port
        self._requests = requests
        self._rate = rate
        self._limit = seconds
        self._keep_connections = keep_connections
        self._answers: list[bytes] | None = [b""] * len(requests) if keep_answers else None
        self._selector = selectors.EpollSelector()
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()
        self._statuses: dict[int, int] = {}
        self._latencies: list[float] = []
        self._sent = 0
        self._waiting = 0
        self._closed_in_a_row = 0
        self._started = 0.0
        self._ended = 0.0
        self._cpu_seconds = 0.0

    def connect(self, count: int) -> None:
        for _ in range(count):
            self._add_connection()

    def _add_connection(self) -> None:
        connection = _Connection(self._port)
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._open.add(connection)
        self._idle.append(connection)

    def send_all(self) -> None:
        """Send and read until everything is answered; when the time is over only what is on its way is waited for."""
        self._started = time.perf_counter()
        self._cpu_seconds = -time.thread_time()
        last_sent_at = self._started + self._limit
        deadline = last_sent_at + min(self._limit, LAST_ANSWERS_SECONDS)
        while self._waiting or self._sent < len(self._requests):
            now = time.perf_counter()
            if now < last_sent_at:
                self._send_what_is_due()
            elif not self._waiting or now >= deadline:
                break
            pause = self._pause(now) if now < last_sent_at else deadline - now
            for key, _ in self._selector.select(min(pause, deadline - now)):
                self._take(key.data)

    def _send_what_is_due(self) -> None:
        while self._idle and self._sent < len(self._requests):
            now = time.perf_counter()
            due = now if self._rate is None else self._started + self._sent / self._rate
            if due > now:
                return
            connection = self._idle.pop()
            connection.number = self._sent
            connection.since = due
            self._sent += 1
            self._waiting += 1
            try:
                _send_all(connection.socket, self._requests[connection.number])
            except OSError:
                self._replace(connection)

    def _pause(self, now: float) -> float:
        """Return how long to wait for answers before the next request is due."""
        if self._rate is None or not self._idle or self._sent >= len(self._requests):
            return 1.0
        return max(0.0, self._started + self._sent / self._rate - now)

    def _take(self, connection: _Connection) -> None:
        try:
            status = _read(connection)
        except OSError:
            self._replace(connection)
            return
        if status is None:
            return
        self._latencies.append(time.perf_counter() - connection.since)
        self._statuses[status] = self._statuses.get(status, 0) + 1
        self._waiting -= 1
        self._closed_in_a_row = 0
        if self._answers is not None:
            self._answers[connection.number] = connection.buffer
        connection.buffer = b""
        connection.number = -1
        self._idle.append(connection)
        if not self._keep_connections:
            self._replace(connection)

    def _replace(self, connection: _Connection) -> None:
        """Count what was cut off and open another connection; raises ConnectionError when that goes on and on."""
        self._selector.unregister(connection.socket)
        self._open.discard(connection)
        connection.socket.close()
        if connection.number >= 0:
            self._statuses[CLOSED] = self._statuses.get(CLOSED, 0) + 1
            self._waiting -= 1
            self._closed_in_a_row += 1
        else:
            self._idle.remove(connection)
        if self._closed_in_a_row > MOST_CLOSED_IN_A_ROW:
            raise ConnectionError("the server closes every connection")
        self._add_connection()

    def close(self) -> None:
        self._ended = time.perf_counter()
        self._cpu_seconds += time.thread_time()
        for connection in self._open:
            connection.socket.close()
        self._selector.close()

    def result(self) -> Result:
        return Result(
            seconds=self._ended - self._started,
            statuses=self._statuses,
            latencies=self._latencies,
            unanswered=self._waiting,
            answers=self._answers or [],
            busy=self._cpu_seconds / max(self._ended - self._started, 1e-9),
        )


def _send_all(opened: socket.socket, data: bytes) -> None:
    view = memoryview(data)
    give_up = time.perf_counter() + CONNECT_SECONDS
    while view:
        try:
            view = view[opened.send(view) :]
        except BlockingIOError:
            if time.perf_counter() > give_up:
                raise TimeoutError("the server does not read") from None
            time.sleep(0.0005)


def _read(connection: _Connection) -> int | None:
    """Read what has come; return the status once a whole answer is there, which then stands in the buffer."""
    try:
        part = connection.socket.recv(65_536)
    except BlockingIOError:
        return None
    if not part:
        raise ConnectionError("the server closed a connection")
    buffer = connection.buffer = connection.buffer + part if connection.buffer else part
    end = buffer.find(HEAD_END)
    if end < 0 or not _is_whole(buffer, end):
        return None
    return int(buffer[9:12])


def _is_whole(buffer: bytes, end: int) -> bool:
    head = buffer[:end].lower()
    at = head.find(b"content-length:")
    if at >= 0:
        return len(buffer) >= end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])
    if b"transfer-encoding: chunked" in head:
        return buffer.endswith(b"0\r\n\r\n")
    return True
