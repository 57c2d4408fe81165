"""Who else has a database open: other connections to a server, another process that has an SQLite file open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from app.storage.database.db import Database

CONNECTED = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'",
    "mysql": "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}
"""How many connections there are besides this one, as far as this user may see them."""


def use_by_others(database: Database) -> str | None:
    """Return a sentence when somebody else has the database open, None when nobody has; closes its connections first."""
    database.close()
    if database.is_sqlite:
        place = database.engine.url.database
        return None if not place or _is_free(Path(place)) else "another process has the file open"
    with database.read() as tx:
        count = _connected(tx)
    return f"{count} other connection{'s are' if count > 1 else ' is'} open" if count else None


def _connected(tx: Connection) -> int:
    dialect = "mysql" if tx.dialect.name == "mariadb" else tx.dialect.name
    return int(tx.exec_driver_sql(CONNECTED[dialect]).scalar_one())


def _is_free(path: Path) -> bool:
    """Ask for the file alone, for a moment: whoever has it open holds a lock that stands against that.

    With a write-ahead log each connection keeps a shared lock on the file as long as it is open (SQLite, "Write-Ahead
    Logging" and "PRAGMA locking_mode", read 2026-11-29; tried with 3.40).
    """
    if not path.exists():
        return True
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
    return True
