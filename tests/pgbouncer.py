"""A real PgBouncer in transaction mode in front of the PostgreSQL of the tests, on a free port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.databases import need
from tests.ports import free_port

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
START_SECONDS = 10


@contextmanager
def pgbouncer(folder: Path, database_url: str) -> Iterator[str]:
    """Start one and return the address of the database behind it; skipped where there is none."""
    need("PgBouncer", reachable=PROGRAM is not None)
    assert PROGRAM is not None
    url, port = make_url(database_url), free_port()
    config = folder / "pgbouncer.ini"
    password = f" password={url.password}" if url.password else ""
    config.write_text(
        f"[databases]\n* = host={url.host} port={url.port or 5432} user={url.username}{password}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 3\nserver_reset_query =\n",
        encoding="utf-8",
    )
    # It refuses to run as root, and the tests' folder is root's alone: the open file is handed on instead.
    as_somebody = ["-u", "nobody"] if os.geteuid() == 0 else []
    with config.open("rb") as opened, (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, *as_somebody, "/dev/stdin"], stdin=opened, stdout=log, stderr=log
        )
    try:
        _wait_until_it_listens(process, port, folder / "pgbouncer.log")
        yield url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"PgBouncer does not listen:\n{log.read_text(encoding='utf-8')}")
