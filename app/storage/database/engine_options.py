"""How an engine is made for an address: the options of pool and driver, and what a pooler in front must not meet."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from app.storage.database.address import DatabaseAddress

WRITER_WAIT_SECONDS = 10.0
CONNECT_SECONDS = 3
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
OPEN_TO_OTHERS = 0o077


def engine_options(address: DatabaseAddress, *, pool_size: int) -> dict[str, Any]:
    """Return what `create_engine` is told besides the address."""
    options: dict[str, Any] = {
        "pool_size": pool_size,
        "max_overflow": 10,
        "pool_timeout": 5,
        "pool_pre_ping": True,
    }
    if address.backend == "sqlite":
        options["pool_pre_ping"] = False
        options["connect_args"] = {"check_same_thread": False, "timeout": WRITER_WAIT_SECONDS}
    elif address.backend == "mysql":
        options["isolation_level"] = "READ COMMITTED"
        options["connect_args"] = {
            "connect_timeout": CONNECT_SECONDS,
            **address.arguments,
            "charset": "utf8mb4",
        }
    else:
        options["connect_args"] = {"connect_timeout": CONNECT_SECONDS, **address.arguments}
    return options


def keep_file_private(engine: Engine) -> None:
    """Have SQLite's file, and with it the log beside it, be its owner's alone before each connection opens it.

    A folder that has to be made is private too. One that is there stays as it is: it may be `/tmp` or hold more than this.
    A file that is there is never opened here: whoever closes any descriptor of it takes this process's locks away, and
    another process could then remove the log that this one still writes (SQLite, "How To Corrupt", 2.2; read 2026-11-28).
    """
    place = engine.url.database
    if engine.url.get_backend_name() != "sqlite" or not place or place.startswith((":memory:", "file:")):
        return
    path = Path(place)
    making = threading.Lock()

    def before_connecting(*_: object) -> None:
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        # What cannot be opened so is SQLite's to tell, in its own words.
        with making, suppress(OSError):
            if not path.exists():
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
        for each in (path, Path(f"{place}-wal"), Path(f"{place}-shm")):
            with suppress(OSError):
                if each.stat().st_mode & OPEN_TO_OTHERS:
                    each.chmod(PRIVATE_FILE)

    event.listen(engine, "do_connect", before_connecting)


def prepare_nothing_behind_poolers(engine: Engine, address: DatabaseAddress) -> None:
    """Look at each new connection whether statements may be prepared there, unless the address says it."""
    if address.backend == "postgresql" and not address.says_when_to_prepare:
        event.listen(engine, "connect", _prepare_nothing_behind_a_pooler)


def _prepare_nothing_behind_a_pooler(connection: Any, _record: object) -> None:
    """Switch prepared statements off on a connection that does not lead to one server process for good.

    PgBouncer in transaction mode runs each transaction on another server process, which does not know what was prepared
    on the one before. It gives out a process number of its own making (PgBouncer 1.18, seen 2026-11-28), and so do its
    relatives; PostgreSQL itself gives the number that it also tells when asked.
    """
    told = connection.info.backend_pid
    connection.autocommit = True
    with connection.cursor() as cursor:
        (serving,) = cursor.execute("SELECT pg_backend_pid()").fetchone()
    connection.autocommit = False
    if told != serving:
        connection.prepare_threshold = None
