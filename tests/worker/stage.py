"""What the engine tests put on stage: a gateway, workers beside it, and the notes their handlers write."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import requests

from tests.builders import envelope, signed_callback
from tests.live import ROOT, LiveGateway
from tests.programs import start_program

FLASK_WORKER = ("flask", "--app", str(ROOT / "wsgi.py"), "worker")
CELERY_WORKER = ("celery", "-A", "celery_worker", "worker", "--without-mingle")


def wait_for(condition: Callable[[], bool], seconds: float = 45) -> float:
    """Wait until it is true and return how long it took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, "it did not come true in time"
        time.sleep(0.05)
    return time.monotonic() - start


def gateway_environment(folder: Any, **more: str) -> dict[str, str]:
    """Return the settings of a gateway whose handlers write notes into a folder."""
    return {
        "HANDLERS": "tests.worker.handlers",
        "ENGINE_FOLDER": str(folder),
        "RATELIMIT_ENABLED": "0",
    } | more


def send(gateway: LiveGateway, key: str, kind: str = "job", seconds: float = 0) -> requests.Response:
    """Send one signed callback."""
    request = signed_callback(envelope(key, kind, data={"seconds": seconds}))
    return requests.post(
        f"{gateway.url}/webhooks/callback", data=request.body, headers=dict(request.headers), timeout=20
    )


def notes(gateway: LiveGateway, what: str = "end") -> list[dict[str, Any]]:
    """Return what the handlers wrote down so far."""
    path = gateway.folder / "notes.jsonl"
    if not path.exists():
        return []
    # The last line may be half written.
    lines = path.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
    return [line for line in map(json.loads, lines) if line["what"] == what]


def keys(gateway: LiveGateway, what: str = "end") -> list[str]:
    """Return the keys in the notes, in order."""
    return [line["key"] for line in notes(gateway, what)]


def is_alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Worker:
    """A worker process in a gateway's environment; a context manager."""

    def __init__(self, gateway: LiveGateway, command: tuple[str, ...] = FLASK_WORKER, **env: str):
        self._gateway = gateway
        self._log = gateway.folder / f"worker-{time.monotonic_ns()}.log"
        with self._log.open("ab") as log:
            self.process = start_program(
                command, folder=gateway.folder, environment=gateway.environment | env, out=log.fileno()
            )

    def log(self) -> str:
        """Return everything it printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self) -> Self:
        """Wait until it takes work."""
        wait_for(lambda: "ready." in self.log() or "Worker runs with" in self.log())
        return self

    def stop(self) -> float:
        """Send SIGTERM and return how long it took to end."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        return time.monotonic() - start

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=10)
