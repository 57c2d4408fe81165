"""Load by `wrk`, a generator in native code: prepared requests, each sent once, every answer waited for.

What it sends and when it ends is in wrk.lua. Where wrk is missing bench/load.py does the same, slower.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.load import HOST, REFUSED, Result

SCRIPT = Path(__file__).with_suffix(".lua")
MEMORY = Path("/dev/shm")
"""Where the requests are written: on a disk they would be in the way of the commits that are measured."""

LAST_ANSWERS_SECONDS = 5
MICROSECOND = 1e-6


class WrkFailed(Exception):
    """wrk ended without a result; the message is what it printed."""


def program() -> str | None:
    """Return wrk's path, None when it is not installed."""
    return shutil.which("wrk")


def run(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Result:
    """Send each request once over that many connections, for that long at most.

    Latencies are a thousand quantiles, in seconds. wrk has added to them what would have waited behind a slow answer.
    """
    connections = min(connections, len(requests))
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.NamedTemporaryFile(prefix="bench-requests-", dir=where) as file:
        file.writelines(_with_lengths(requests))
        file.flush()
        printed = _printed(port, file.name, connections=connections, seconds=seconds)
    return result_of(printed)


def _with_lengths(requests: Iterable[bytes]) -> Iterable[bytes]:
    for request in requests:
        yield len(request).to_bytes(4)
        yield request


def _printed(port: int, path: str, *, connections: int, seconds: float) -> Mapping[str, Any]:
    longest = int(seconds) + 1 + LAST_ANSWERS_SECONDS
    command = [program() or "wrk", "--threads", "1", "--connections", str(connections)]
    command += ["--duration", f"{longest}s", "--timeout", f"{longest}s", "--script", str(SCRIPT)]
    command += [f"http://{HOST}:{port}/", "--", path, str(connections), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=longest + 60, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("bench {"):
            found: Mapping[str, Any] = json.loads(line.removeprefix("bench "))
            return found
    raise WrkFailed((done.stdout + done.stderr)[-500:] or "wrk printed nothing")


def result_of(said: Mapping[str, Any]) -> Result:
    """Return what wrk.lua said as a result; what was sent and got no answer is counted as unanswered."""
    answered, refused = int(said["answered"]), int(said["refused"])
    seconds = said["ended"] - said["started"]
    statuses = {200: answered - refused} | ({REFUSED: refused} if refused else {})
    return Result(
        seconds=seconds,
        statuses=statuses,
        latencies=[quantile * MICROSECOND for quantile in said["quantiles"]],
        unanswered=max(0, int(said["sent"]) - answered),
        busy=(said["cpu_ended"] - said["cpu_started"]) / seconds if seconds > 0 else 0.0,
    )
