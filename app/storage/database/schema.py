"""Migrations up and down, over a connection of the given database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.core.errors import StoreUnavailable
from app.storage.database.db import Database

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
LOCK_NUMBER = 5_003_2026
LOCK_SECONDS = 60


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables up to a revision; of several processes that start together one does, and the others wait."""
    with database.begin() as connection, _alone(connection):
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the tables down to a revision ("-1": one step, "base": none)."""
    with database.begin() as connection:
        command.downgrade(_config(connection), revision)


def current_revision(database: Database) -> str | None:
    """Return the revision the tables are at, None before the first migration."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """Return the revision the code expects."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def tables_fault(database: Database) -> str | None:
    """Return a sentence when the tables are missing or older than the code, None when it can work with them.

    Newer tables are taken: while several machines are upgraded one after the other, the old code meets them.
    """
    now, scripts = current_revision(database), ScriptDirectory.from_config(_config(None))
    newest = scripts.get_current_head()
    if now is None:
        return "The database has no tables of this gateway yet; `flask db upgrade` makes them."
    known = {script.revision for script in scripts.walk_revisions()}
    if now == newest or now not in known:
        return None
    return f"The database's tables are at {now} and the code needs {newest}; `flask db upgrade` changes them."


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Keep others from migrating the same database meanwhile; SQLite has one writer at a time by itself."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER})")
    if connection.dialect.name not in ("mysql", "mariadb"):
        yield
        return
    name = f"SELECT GET_LOCK(CONCAT('callgate ', DATABASE()), {LOCK_SECONDS})"
    if connection.exec_driver_sql(name).scalar() != 1:
        raise StoreUnavailable
    try:
        yield
    finally:
        connection.exec_driver_sql("DO RELEASE_LOCK(CONCAT('callgate ', DATABASE()))")


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
