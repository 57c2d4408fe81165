"""Which generator sends: wrk where it is installed, otherwise the one in Python, which takes a core of what it measures."""

from __future__ import annotations

from collections.abc import Sequence

from bench import load, wrk
from bench.load import Result


def name() -> str:
    """Say which one it is, as the report tells it."""
    return "wrk" if wrk.program() else "bench/load.py, in Python (wrk is not installed)"


def run(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Result:
    """Send each request once, as fast as they are answered, for that long at most."""
    send = wrk.run if wrk.program() else load.run
    return send(port, requests, connections=connections, seconds=seconds)
