"""Says who listens on a port already. The web server would share the port in silence, and each would get some callbacks."""

from __future__ import annotations

import errno
import os
import socket
import time
from pathlib import Path

LISTENING = "0A"
"""The state of a socket that waits for connections, in /proc/net/tcp."""

LONGEST_COMMAND = 80
PROC = Path("/proc")
PATIENCE_SECONDS = 2.0
LOOK_SECONDS = 0.1


def port_fault(host: str, port: int, *, patience: float = PATIENCE_SECONDS) -> str | None:
    """Return a sentence when a server cannot listen there, None when it can; the port stays free.

    `patience` is in seconds: processes of a server that was killed hold its port for a moment longer.
    """
    deadline = time.monotonic() + patience
    while (fault := _fault_now(host, port)) is not None and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    return fault


def _fault_now(host: str, port: int) -> str | None:
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return f"{host} is not an address of this machine; choose another one (--host)."
    family, kind, protocol, _, place = places[0]
    with socket.socket(family, kind, protocol) as probe:
        # Waiting remains of closed connections are no reason to refuse; somebody who listens is.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError as error:
            return _sentence(host, port, error)
    return None


def _sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        holder = port_holder(port)
        who = f" by {holder}" if holder else ""
        return f"Port {port} on {host} is in use{who}; stop that first, or serve on another port (--port)."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this process has; choose one above 1023 (--port)."
    return f"Nothing can listen on {host} port {port}: {error.strerror}."


def port_holder(port: int) -> str | None:
    """Name the process that listens on a port: its number and command; None where the system does not tell."""
    sockets = _listening_sockets(port)
    for process in sorted(PROC.glob("[0-9]*"), key=lambda each: int(each.name)) if sockets else ():
        try:
            if any(os.readlink(handle) in sockets for handle in (process / "fd").iterdir()):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                return f"process {process.name} ({command.strip()[:LONGEST_COMMAND]})"
        except OSError:
            continue
    return None


def _listening_sockets(port: int) -> frozenset[str]:
    """Return the sockets that listen on a port, as links in /proc name them."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, local, _, state, *rest = line.split()
            if state == LISTENING and int(local.rpartition(":")[2], 16) == port:
                found.add(f"socket:[{rest[5]}]")
    return frozenset(found)
