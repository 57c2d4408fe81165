"""Listens on a port that nobody else has, and says who has it otherwise.

The web server's own socket would share the port in silence, and each server would get some callbacks.
"""

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


BACKLOG = 1024
"""Connections that wait in the kernel until a serving process takes them; Granian's usual number."""


class PortFault(Exception):
    """Nothing can listen there; the text is a sentence that says why."""


def port_fault(host: str, port: int, *, patience: float = PATIENCE_SECONDS) -> str | None:
    """Return a sentence when a server cannot listen there, None when it can; the port stays free."""
    try:
        listen_alone(host, port, patience=patience).close()
    except PortFault as fault:
        return str(fault)
    return None


def listen_alone(host: str, port: int, *, patience: float = PATIENCE_SECONDS) -> socket.socket:
    """Return a socket that listens and shares its port with nobody; raises PortFault.

    Of several that ask at the same moment the kernel lets one listen, so no look beforehand is needed. `patience` is in
    seconds: processes of a server that was killed hold its port for a moment longer.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return _listen_now(host, port)
        except PortFault:
            if time.monotonic() >= deadline:
                raise
            time.sleep(LOOK_SECONDS)


def _listen_now(host: str, port: int) -> socket.socket:
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise PortFault(f"{host} is not an address of this machine; choose another one (--host).") from None
    family, kind, protocol, _, place = places[0]
    listening = socket.socket(family, kind, protocol)
    try:
        # Waiting remains of closed connections are no reason to refuse; somebody who listens is.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise PortFault(_sentence(host, port, error)) from None
    return listening


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
