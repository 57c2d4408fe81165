"""A real Caddy with the configuration of ops/Caddyfile, at home here, with a certificate of its own local authority."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.source import ROOT
from tests.databases import need
from tests.ops.nginx import START_SECONDS, wait_until_it_listens
from tests.ports import free_port

PROGRAM = shutil.which("caddy")
AUTHORITY = Path("caddy", "pki", "authorities", "local", "root.crt")


@dataclass(frozen=True)
class Caddy:
    """Where it listens, and what proves that it is this one."""

    https: str
    certificate: Path


@contextmanager
def caddy(folder: Path, gateway_port: int, app_port: int) -> Iterator[Caddy]:
    """Start one in front of a gateway and of somebody's pages for people who are logged in; skipped where there is none."""
    need("caddy", reachable=PROGRAM is not None)
    assert PROGRAM is not None
    https = free_port()
    config = folder / "Caddyfile"
    config.write_text(shipped(https, gateway_port, app_port), encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "run", "--adapter", "caddyfile", "--config", str(config)],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until_it_listens(process, https, folder / "caddy.log")
        _wait_for_its_certificate(https, folder / AUTHORITY)
        yield Caddy(f"https://127.0.0.1:{https}", folder / AUTHORITY)
    finally:
        process.terminate()
        process.wait(timeout=10)


def shipped(https: int, gateway_port: int, app_port: int) -> str:
    """Return the configuration as it is shipped, with the pages of others in force, and without what a whole machine has."""
    text = (ROOT / "ops" / "Caddyfile").read_text(encoding="utf-8")
    changes = {
        r"^\{$": "{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\thttp_port 0",
        r"^callbacks\.example\.com \{$": f"https://127.0.0.1:{https} {{\n\ttls internal",
        r"127\.0\.0\.1:5003": f"127.0.0.1:{gateway_port}",
        r"127\.0\.0\.1:8080": f"127.0.0.1:{app_port}",
        r"^\t# (handle|\t|\})": r"\t\1",
    }
    for pattern, place in changes.items():
        text, count = re.subn(pattern, place, text, flags=re.MULTILINE)
        assert count, f"{pattern} is not in ops/Caddyfile"
    return text


def _wait_for_its_certificate(port: int, authority: Path) -> None:
    """It listens first, and makes its certificate then."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            context = ssl.create_default_context(cafile=authority)
            with (
                socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS) as connection,
                context.wrap_socket(connection, server_hostname="127.0.0.1"),
            ):
                return
        time.sleep(0.02)
    raise AssertionError("Caddy has no certificate")
