"""A platform that takes messages, in Gotify's form, and can go away, be used up, and count what it confirmed."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

CHANNEL = """
[channels.push]
platform = "gotify"
app_token = "drill-gotify-5f0e2d1c"
api_base = "http://127.0.0.1:{port}"
"""
CALL_SECONDS = 0.01
"""So long a call takes, so that a fault finds some under way."""


class PushServer:
    """Counts each text that it confirmed; a context manager."""

    def __init__(self) -> None:
        self.confirmed: Counter[str] = Counter()
        self.refuses = 0
        self.refusals = 0
        self._lock = threading.Lock()
        self._server = self._listening(0)
        self.port = self._server.server_port

    def _listening(self, port: int) -> ThreadingHTTPServer:
        push = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                push.take(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Confirm a message, unless the quota is used up."""
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        time.sleep(CALL_SECONDS)
        if self._is_used_up():
            handler.send_response(429)
            handler.send_header("Retry-After", "1")
            answer = b"{}"
        else:
            with self._lock:
                self.confirmed[body["message"]] += 1
            handler.send_response(200)
            answer = b'{"id": 1}'
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)

    def _is_used_up(self) -> bool:
        with self._lock:
            is_used_up = self.refuses > self.refusals
            self.refusals += is_used_up
            return is_used_up

    def go_away(self) -> None:
        """Refuse every connection until `come_back`."""
        self._server.shutdown()
        self._server.server_close()

    def come_back(self) -> None:
        """Listen again at the same port."""
        self._server = self._listening(self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.go_away()
