"""What the tests of commands share: a signing caller, a receiver of results, an engine run by hand."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.values import Event
from app.factory import create_app
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.router import Context, Router
from app.pipeline.services import Services
from sandbox.platforms.callback.signer import timestamp_nonce_headers
from tests.builders import CALLBACK_SECRET, NOW, run_stored_claim

PATH = "/api/v1/commands"


def signed_headers(
    body: bytes,
    *,
    secret: str = CALLBACK_SECRET,
    nonce: str | None = None,
    at: datetime = NOW,
    timestamp: str | None = None,
) -> dict[str, str]:
    """Sign as a caller would, by the simulator's signer."""
    nonce = nonce or uuid.uuid4().hex
    timestamp = timestamp or str(int(at.timestamp()))
    return timestamp_nonce_headers(secret, body, timestamp, nonce)


def command_body(**changes: Any) -> dict[str, Any]:
    """Return a command that is taken."""
    body = {
        "command": "SYNC_USER_DATA",
        "payload": {"sourceSystem": "HR_SYSTEM", "userId": "U1001"},
        "callbackUrl": "https://external-system.com/hooks/result",
    }
    return body | changes


class Caller:
    """Asks a gateway for commands over its WSGI application."""

    def __init__(self, services: Services):
        self.services = services
        self._app = create_app(services=services)

    @property
    def client(self) -> FlaskClient:
        """Return a client for the calling thread."""
        return self._app.test_client()

    def ask(self, body: Mapping[str, Any] | bytes | None = None, **signing: Any) -> TestResponse:
        """Send a command, signed now unless told otherwise."""
        raw = (
            body if isinstance(body, bytes) else json.dumps(command_body() if body is None else body).encode()
        )
        signing = {"at": self.services.clock.now()} | signing
        return self.client.post(PATH, data=raw, headers=signed_headers(raw, **signing))

    def look(self, command_id: str, **signing: Any) -> TestResponse:
        """Ask where a command stands, signed."""
        signing = {"at": self.services.clock.now()} | signing
        return self.client.get(f"{PATH}/{command_id}", headers=signed_headers(b"", **signing))


def run_due(services: Services) -> int:
    """Run everything that is due now, as an engine would; return how many attempts were made."""
    made = 0
    while claims := claim_work(services, limit=50):
        for claim in claims:
            run_stored_claim(services, claim)
            made += 1
    return made


class Receiver:
    """A real HTTP server that takes results; answers with the statuses in `statuses`, the last one for ever."""

    def __init__(self) -> None:
        self.statuses: list[int] = [200]
        self.location: str | None = None
        self.taken: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
                statuses = receiver.statuses
                self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}/hooks/result"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class Handlers:
    """Handlers for commands that count their runs and fail when told to."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, int]] = []
        self.errors: list[Exception] = []
        self.router = Router()
        self.router.on("commands", "SYNC_USER_DATA")(self.sync)
        self.router.on("commands", "ONLY_ONCE", max_attempts=1)(self.only_once)
        self.router.on("*", "*")(self.everything)

    def sync(self, event: Event, context: Context) -> dict[str, Any]:
        """Return what was asked for."""
        self.runs.append((event.id, context.attempt))
        if self.errors:
            raise self.errors.pop(0)
        return {"synced": event.data["payload"]["userId"], "name": "王小明"}

    def only_once(self, event: Event, context: Context) -> None:
        """Fail for good at the first try."""
        self.runs.append((event.id, context.attempt))
        raise RuntimeError("the password of db7.internal is wrong")

    def everything(self, event: Event, context: Context) -> None:
        """Take every event there is; commands are not among them."""
        raise AssertionError("a handler of events was given a command")
