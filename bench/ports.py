"""Free ports of this machine."""

from __future__ import annotations

import socket

from bench.load import HOST


def free_port() -> int:
    """Return a port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
