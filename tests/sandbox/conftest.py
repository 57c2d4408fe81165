"""Fixtures for the simulator's own tests: a running simulator, and a stand-in for the gateway."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask, Response, request
from werkzeug.serving import make_server

from tests.sandbox.server import SandboxServer, SilentHandler


@dataclass
class Received:
    """One request that the stand-in gateway saw."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class StandIn:
    """A gateway that remembers what it received and answers what it is told."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], Response] = lambda _: Response("success")


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> SandboxServer:
    running_sandbox.state.reset()
    return running_sandbox


@pytest.fixture
def gateway() -> Iterator[StandIn]:
    app = Flask("gateway")
    stand_in = StandIn()

    @app.route("/<path:path>", methods=["GET", "POST"])
    def take(path: str) -> Response:
        seen = Received(
            request.method,
            "/" + path,
            request.args.to_dict(),
            {name.lower(): value for name, value in request.headers.items()},
            request.get_data(),
        )
        stand_in.received.append(seen)
        return stand_in.answer(seen)

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=SilentHandler)
    stand_in.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield stand_in
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.fixture
def firing(gateway: StandIn) -> Iterator[SandboxServer]:
    with SandboxServer(gateway_url=gateway.url) as server:
        yield server
