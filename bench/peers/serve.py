"""`python -m bench.peers.serve MODULE PORT WORKERS [free]`: a peer on Granian, as the server starts a WSGI application.

Each of its processes keeps to one core, as those of `flask serve` do; with `free` the kernel moves them about, as everywhere else.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from granian.constants import Interfaces

from app.serving.one_core import OneCore
from app.serving.rolling import RollingServer

BLOCKING_THREADS = 64
BACKPRESSURE = 256

PEER, FREE = "BENCH_PEER", "BENCH_FREE"


def serving_app() -> Any:
    """Load the peer in a serving process."""
    app = import_module(os.environ[PEER]).app
    if FREE not in os.environ:
        OneCore().start()
    return app


def main() -> None:
    """Serve until a signal comes."""
    module, port, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.environ[PEER] = module
    if sys.argv[4:] == ["free"]:
        os.environ[FREE] = "1"
    RollingServer(
        "bench.peers.serve:serving_app",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers,
        blocking_threads=BLOCKING_THREADS,
        backpressure=BACKPRESSURE,
        websockets=False,
    ).serve()


if __name__ == "__main__":
    main()
