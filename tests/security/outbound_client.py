"""Makes clients for the tests of the HTTP client: patient ones, and impatient ones where time is what a test is about."""

from __future__ import annotations

import gzip
import socket
import time
from typing import Any

import pytest

from app.core.errors import UpstreamError
from app.security.outbound import OutboundClient
from tests.security.conftest import MisbehavingServer

TOTAL = 0.6
"""A client's limit where a server does not come to an end."""
MOST_SECONDS = 1.9
"""So soon it is over then; the shortest of those servers takes longer."""
PATIENCE = 2.0
OK = b'{"ok":true}'
BOMB = gzip.compress(b"\0" * 60_000_000, 1)


def client_for(*origins: str, **options: Any) -> OutboundClient:
    return OutboundClient(frozenset(origins), **({"connect_timeout": 10, "total_timeout": 20} | options))


def failure_of(server: MisbehavingServer, **options: Any) -> tuple[UpstreamError, float]:
    started = time.monotonic()
    with pytest.raises(UpstreamError) as caught:
        client_for(server.origin, **options).request("GET", server.origin + "/x")
    return caught.value, time.monotonic() - started


def drip(connection: socket.socket, head: bytes, piece: bytes) -> None:
    connection.sendall(head)
    for _ in range(100):
        time.sleep(0.05)
        connection.sendall(piece)
