"""A real HTTP receiver in threads of its own, and the configuration that forwards to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import orjson

from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.services import Services
from tests.builders import CALLBACK_CHANNEL, envelope, run_stored_claim, signed_callback

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_" + "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as the receiver saw it."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def content(self) -> dict[str, Any]:
        loaded: dict[str, Any] = orjson.loads(self.body)
        return loaded


class Receiver:
    """Answers 204, or what `answer` writes; a context manager."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda handler: self.reply(handler, 204)
        self.under_way = 0
        self.most_under_way = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.take(self)

            def do_GET(self) -> None:
                receiver.take(self)

            def log_message(self, *args: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks"

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            self.received.append(Received(handler.path, headers, body, time.monotonic()))
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            self.answer(handler)
        except OSError:
            handler.close_connection = True
        finally:
            with self._lock:
                self.under_way -= 1

    def answers(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.answer = lambda handler: self.reply(handler, status, body, **headers)

    @staticmethod
    def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def drips(self, first: bytes, piece: bytes, every: float) -> None:
        """Send the start of an answer and then a piece at a time."""

        def drip(handler: BaseHTTPRequestHandler) -> None:
            handler.close_connection = True
            handler.wfile.write(first)
            while not self.closing.wait(every):
                handler.wfile.write(piece)

        self.answer = drip

    @property
    def keys(self) -> list[str]:
        return [item.content["eventkey"] for item in self.received]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


def forwarding_to(url: str, *lines: str, match: str = "callback:*", secret: str = f'"{SECRET}"') -> str:
    """Return a channels file with one destination, called crm; `lines` are more of its keys."""
    head = f'[[destinations]]\nname = "crm"\nmatch = ["{match}"]\nurl = "{url}"\nsecret = {secret}\n'
    return CALLBACK_CHANNEL + head + "".join(f"{line}\n" for line in lines)


def accept(services: Services, key: str = "evt_1", **changes: Any) -> str:
    """Deliver one event and return its id."""
    receive(services, "callback", signed_callback(envelope(key, **changes)), trace_id="")
    found = list_events_page(services, {"q": key}, cursor=None, limit=1)["items"]
    return str(found[0]["id"])


def run_once(services: Services, limit: int = 10) -> int:
    """Run what is due at this moment and return how many that were."""
    claims = claim_work(services, limit=limit)
    for claim in claims:
        run_stored_claim(services, claim)
    return len(claims)


def dispatch_of(services: Services, event_id: str) -> dict[str, Any]:
    """Return the only dispatch of an event, as the API shows it."""
    detail = event_detail(services, event_id)
    assert detail is not None
    (dispatch,) = detail["dispatches"]
    found: dict[str, Any] = dispatch
    return found
