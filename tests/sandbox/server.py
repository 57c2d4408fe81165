"""A simulator on a real port, in a thread of the test process, for any test that needs a counterpart."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox import SandboxSettings, create_sandbox, read_settings
from sandbox.state import SandboxState


class SilentHandler(WSGIRequestHandler):
    """Handles requests without writing anything."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Writes nothing."""


class SandboxServer:
    """Serves `create_sandbox` on a free port; use it in a `with` statement or call `stop`.

    `variables` are those of the platforms, the rest is settings field by field:
    `SandboxServer({"ACME_SECRET": "s"}, gateway_url="http://127.0.0.1:1234")`.
    """

    def __init__(self, variables: Mapping[str, str] | None = None, **overrides: Any) -> None:
        """Binds the port and starts to serve; `url` is known before the simulator is built."""
        self._server = make_server(
            "127.0.0.1", 0, Flask("empty"), threaded=True, request_handler=SilentHandler
        )
        self.url = f"http://127.0.0.1:{self._server.port}"
        chosen = replace(read_settings(variables or {}), **{"sandbox_url": self.url, **overrides})
        self.app = create_sandbox(chosen)
        self._server.app = self.app
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def state(self) -> SandboxState:
        """The simulator's memory: `calls(...)`, `faults.add(...)`, `advance(...)`, `reset()` and so on."""
        state: SandboxState = self.app.extensions["sandbox"]
        return state

    @property
    def settings(self) -> SandboxSettings:
        """The settings the simulator runs with, its own address included."""
        return self.state.settings

    def stop(self) -> None:
        """Ends every answer that hangs or drips, then the server."""
        self.state.closing.set()
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def __enter__(self) -> Self:
        """Returns the running server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stops the server."""
        self.stop()
