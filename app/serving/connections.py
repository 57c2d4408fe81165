"""How the web server is set up for connections: how many at once, how long a head may take, and HTTP/1.1 only.

HTTP/2 is a proxy's business. Without one nobody needs it here, and each of its streams would cost what a connection does.
"""

from __future__ import annotations

import resource
from typing import Any

from granian.constants import HTTPModes
from granian.http import HTTP1Settings

MOST_CONNECTIONS = 4096
KEPT_FILES = 256
"""Files that a process opens beside its connections: databases, logs, calls to the outside."""

HEAD_SECONDS = 30
"""A head has this long from the moment the last answer went out, so an idle connection is closed then too."""

HEAD_BYTES = 65_536


def most_connections() -> int:
    """Return how many connections a process takes at once, after asking for as many open files as that needs.

    More wait in the kernel's queue. Idle and slow ones count too, so the number is far above what is served at a time.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + KEPT_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(1, min(MOST_CONNECTIONS, soft - KEPT_FILES))


def connection_settings() -> dict[str, Any]:
    """Return what the server is told about connections."""
    return {
        "http": HTTPModes.http1,
        "http1_settings": HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1000, max_buffer_size=HEAD_BYTES),
        "websockets": False,
        "backpressure": most_connections(),
    }
