"""Node.js programs that log people in, each on a port of its own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

PROGRAMS = Path(__file__).parent / "programs"
INSTALLED = PROGRAMS / "node_modules" / "openid-client"
START_SECONDS = 30


@contextmanager
def open_program(name: str, folder: Path, *, issuer: str, port: int, secret: str) -> Iterator[str]:
    """Run one until the end; gives its address."""
    said = json.dumps({"issuer": issuer, "port": port, "secret": secret})
    url, log = f"http://127.0.0.1:{port}", folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(["node", str(PROGRAMS / f"{name}.js"), said], stdout=out, stderr=out)
    try:
        _wait(url, log, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(url: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{url}/up", timeout=2).status_code == 200:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise AssertionError(f"it does not answer: {log.read_text(errors='replace')[-3000:]}")
