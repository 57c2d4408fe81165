"""`python -m sandbox`: serves the simulator until a signal comes or the parent process ends.

Reads `.env` without overriding the real environment. Writes one line at the start and no request lines,
because addresses here carry codes and secrets.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox import create_sandbox, read_settings
from sandbox.platforms import simulated_platforms
from sandbox.state import SandboxState

PARENT_CHECK_SECONDS = 0.5


class QuietHandler(WSGIRequestHandler):
    """Handles requests without writing request lines."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Writes nothing."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Writes faults of the server itself only."""
        if type == "error":
            super().log(type, message, *args)


def main() -> None:
    """Parses the command line and serves."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="The platform simulator.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5004)
    chosen = parser.parse_args()
    from_file = {name: value or "" for name, value in _own_settings().items()}
    environment = {**from_file, **os.environ}
    settings = read_settings(environment)
    if not environment.get("SANDBOX_URL"):
        settings = replace(settings, sandbox_url=f"http://localhost:{chosen.port}")
    app = create_sandbox(settings)
    server = make_server(chosen.host, chosen.port, app, threaded=True, request_handler=QuietHandler)
    _stop_on_signals(server)
    _stop_with_parent(server)
    services = _start_services(app.extensions["sandbox"])
    print(f"Platform simulator on {settings.sandbox_url} (gateway {settings.gateway_url})", flush=True)
    server.serve_forever()
    app.extensions["sandbox"].closing.set()
    for end in services:
        end()
    server.server_close()


def _start_services(state: SandboxState) -> list[Callable[[], None]]:
    """Starts what platforms need beside HTTP, and returns what ends each."""
    started = (each.service(state) for each in simulated_platforms() if each.service is not None)
    return [end for end in started if end is not None]


def _own_settings() -> dict[str, str | None]:
    """Returns what stands in `.env`, which is where the gateway's is."""
    return dotenv_values(Path(os.environ.get("CALLGATE_HOME", "")) / ".env", encoding="utf-8-sig")


def _stop_on_signals(server: BaseWSGIServer) -> None:
    """Ends quietly on SIGTERM and SIGINT."""

    def stop(_number: int, _frame: object) -> None:
        # shutdown() waits for the serving loop, so it must not run inside the loop's own thread.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _stop_with_parent(server: BaseWSGIServer) -> None:
    """Ends when the process that started this one is gone, however it ended."""
    parent = os.getppid()
    if parent <= 1:
        return

    def watch() -> None:
        gone = threading.Event()
        while os.getppid() == parent:
            gone.wait(PARENT_CHECK_SECONDS)
        server.shutdown()

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()


if __name__ == "__main__":
    main()
