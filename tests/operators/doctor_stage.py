"""What the doctor's tests break for real: a served gateway, a proxy in front of it that does something wrong, a platform."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from werkzeug.serving import make_server

from app.factory import create_app
from app.pipeline.operators.doctor.examine import Surroundings, examine
from app.pipeline.operators.doctor.finding import Finding
from app.pipeline.services import Services

Change = Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]
"""What a proxy makes of headers and body."""

FEISHU = """
[channels.feishu]
platform = "feishu"
app_id = "cli_9f1"
app_secret = "9d1e7c5b3a28f604"
encrypt_key = "7b1c9e3d5f7082a4"
api_base = "%s"
accounts_base = "%s"
"""


def untouched(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return headers, body


class Proxy(ThreadingHTTPServer):
    """Passes requests on to a port, changed; `path` is what becomes of the path. Writes X-Forwarded-For as proxies do."""

    daemon_threads = True

    def __init__(
        self,
        port: int,
        target: int,
        change: Change = untouched,
        *,
        path: Callable[[str], str] = str,
        appends: bool = True,
    ):
        self.target, self.change, self.path_of, self.appends = target, change, path, appends
        super().__init__(("127.0.0.1", port), _Passing)


class _Passing(BaseHTTPRequestHandler):
    server: Proxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "content-length"}
        if self.server.appends:
            before = headers.get("X-Forwarded-For")
            headers["X-Forwarded-For"] = f"{before}, 127.0.0.1" if before else "127.0.0.1"
        headers, body = self.server.change(headers, body)
        behind = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=5)
        behind.request("POST", self.server.path_of(self.path), body, headers)
        answer = behind.getresponse()
        content = answer.read()
        behind.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


class Platform(ThreadingHTTPServer):
    """Answers every request with one JSON object."""

    daemon_threads = True

    def __init__(self, answer: dict[str, Any]):
        self.answer = answer
        super().__init__(("127.0.0.1", 0), _Answering)
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Answering(BaseHTTPRequestHandler):
    server: Platform

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve in a thread."""
    with server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield
        server.shutdown()


@contextmanager
def serving(services: Services, port: int) -> Iterator[None]:
    """Serve a gateway on a port."""
    server = make_server("127.0.0.1", port, create_app(services=services), threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


def found(services: Services, **surroundings: Any) -> dict[str, Finding]:
    """Return the findings by name; of several with one name the worst."""
    order = ("ok", "not_tried", "warn", "wrong")
    by_name: dict[str, Finding] = {}
    for finding in examine(services, Surroundings(**surroundings)):
        assert finding.as_dict()["sentence"], "every place of a sentence and of a cure has its value"
        known = by_name.get(finding.name)
        if known is None or order.index(finding.state) > order.index(known.state):
            by_name[finding.name] = finding
    return by_name
