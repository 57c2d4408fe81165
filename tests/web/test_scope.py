"""The environment that the loop makes is the one that the same server gives to WSGI applications: asked side by side."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.web.callbacks.scope import environ_of
from tests.live import ROOT
from tests.ports import free_port
from tests.web.loop_stage import Scope

REQUESTS = {
    "plain": b"GET /a/b?x=1&y=%20 HTTP/1.1\r\nHost: one.example:81\r\n\r\n",
    "a body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
    "chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    "HTTP/1.0 without a host": b"GET / HTTP/1.0\r\n\r\n",
    "HEAD": b"HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n",
    "OPTIONS": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "an absolute address": b"GET http://other.example/p?q=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "escapes": b"GET /%e4%b8%ad%2f%20%00?%e4=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "letters in the query": b"GET /?q=\xe4\xb8\xad HTTP/1.1\r\nHost: x\r\n\r\n",
    "repeated headers": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nX-B: 0\r\nx-a: 2\r\nX-A:\r\n\r\n",
    "repeated cookies": b"GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n",
    "repeated types": b"GET / HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
    "underscores first": b"GET / HTTP/1.1\r\nHost: x\r\nContent_Length: 9\r\nX_A: 2\r\nX-A: 1\r\n\r\n",
    "a value that is no text": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: \xff\r\nX-B: \xe4\xb8\xad\r\nX-C: 1\r\n\r\n",
    "proxies": b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https, http\r\nX-Forwarded-Host: y\r\n\r\n",
}


class Echo:
    """A server of one of the two kinds."""

    def __init__(self, interface: str, application: str, host: str):
        self._host, self._port = host, free_port()
        command = [sys.executable, "-m", "granian", "--interface", interface, "--http", "1", "--no-ws"]
        command += ["--host", host, "--port", str(self._port), f"tests.web.echo:{application}"]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._own = {*environment, "LC_CTYPE"}

    def ask(self, request: bytes) -> Any:
        """Send a request and return what the application saw, without what stems from the process."""
        with self._connected() as connection:
            connection.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            head, _, body = b"".join(iter(lambda: connection.recv(65_536), b"")).partition(b"\r\n\r\n")
        assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")), head
        if request.startswith(b"HEAD"):
            return body
        seen = json.loads(body)
        seen["environ"] = {name: value for name, value in seen["environ"].items() if name not in self._own}
        assert seen["environ"].pop("SERVER_PORT") == str(self._port)
        return seen

    def _connected(self) -> socket.socket:
        deadline = time.monotonic() + 30
        while True:
            try:
                return socket.create_connection((self._host, self._port), timeout=10)
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, "the server does not start"
                time.sleep(0.05)


@pytest.fixture(scope="module", params=["127.0.0.1", "::1"])
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Echo, Echo]]:
    """Serve both kinds."""
    echoes = Echo("wsgi", "by_wsgi", request.param), Echo("rsgi", "by_loop", request.param)
    yield echoes
    for echo in echoes:
        echo.process.terminate()
        echo.process.wait(15)


@pytest.mark.parametrize("name", REQUESTS)
def test_both_kinds_see_the_same(both: tuple[Echo, Echo], name: str) -> None:
    by_wsgi, by_loop = (echo.ask(REQUESTS[name]) for echo in both)
    assert by_loop == by_wsgi


def test_a_length_beside_chunks_counts_for_nothing() -> None:
    headers = [("Content-Length", "5"), ("Transfer-Encoding", "chunked")]
    assert "CONTENT_LENGTH" not in environ_of(Scope("POST", "/", headers))


def test_a_name_with_underscores_never_speaks_for_a_proxys() -> None:
    proxys, strangers = ("x-forwarded-for", "1.1.1.1"), ("x_forwarded_for", "2.2.2.2")
    for headers in ([proxys, strangers], [strangers, proxys]):
        assert environ_of(Scope("GET", "/", headers))["HTTP_X_FORWARDED_FOR"] == "1.1.1.1"
    assert environ_of(Scope("GET", "/", [("x_a", "1")]))["HTTP_X_A"] == "1"


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("203.0.113.7:51234", "203.0.113.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[fe80::1%2]:443", "fe80::1"),
        ("", ""),
    ],
)
def test_the_peers_address_has_no_port(client: str, address: str) -> None:
    assert environ_of(Scope(client=client))["REMOTE_ADDR"] == address
