"""Free ports for the servers of tests, which nobody else takes between the question and the start."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

LOWEST = 12_000
"""Browsers refuse some well-known ports below."""
OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
USUAL_OUTGOING = 32_768
DISTANCE = 61
"""Processes of tests that start together have neighbouring ids; each begins at a place of its own."""


def free_port() -> int:
    """Return a port that nobody listens on.

    It lies below those that the kernel gives to outgoing connections: one of them could take it while a server starts,
    or stops and starts again. No port is given twice by one process.
    """
    for port in _candidates(os.getpid()):
        if _is_free(port):
            return port
    raise AssertionError("every port was given away")


@cache
def _candidates(process: int) -> Iterator[int]:
    size = _first_outgoing() - LOWEST
    assert size > 0, f"the kernel gives ports below {LOWEST} to outgoing connections: raise {OUTGOING}"
    start = process * DISTANCE
    return (LOWEST + (start + number) % size for number in range(size))


def _first_outgoing() -> int:
    try:
        return int(OUTGOING.read_text(encoding="ascii").split()[0])
    except FileNotFoundError:
        return USUAL_OUTGOING


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
