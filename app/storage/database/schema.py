"""Migrations up and down, over a connection of the given database.

Alembic is loaded by who migrates. Where the tables are is asked at every start, and is read here without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect

from app.core.errors import StoreUnavailable
from app.storage.database.db import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
BEING_FILLED = "filling "
"""What stands in place of the revision while `flask db copy` fills a database, followed by which copy it is."""

UNFINISHED = (
    "`flask db copy` into this database has not been finished, so rows are missing; type the same `flask db copy` again (it "
    "begins anew and deletes what came before)."
)
LOCK_NUMBER = 5_003_2026
LOCK_SECONDS = 60


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables up to a revision; of several processes that start together one does, and the others wait."""
    from alembic import command

    with database.begin() as connection, _alone(connection):
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the tables down to a revision ("-1": one step, "base": none)."""
    from alembic import command

    with database.begin() as connection:
        command.downgrade(_config(connection), revision)


def current_revision(database: Database) -> str | None:
    """Return the revision the tables are at, None before the first migration."""
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return found


def is_being_filled(revision: str | None) -> bool:
    """Say whether a database is (or was, when its copy ended too soon) being filled from another one."""
    return revision is not None and revision.startswith(BEING_FILLED)


def revisions() -> list[str]:
    """Return every revision in its order: the number that each migration's file begins with."""
    return sorted(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*_*.py"))


def newest_revision() -> str:
    """Return the revision the code expects."""
    return revisions()[-1]


def tables_fault(database: Database) -> str | None:
    """Return a sentence when the tables are missing or older than the code, None when it can work with them.

    Newer tables are taken: while several machines are upgraded one after the other, the old code meets them.
    """
    now, newest = current_revision(database), newest_revision()
    if now is None:
        return "The database has no tables of this gateway yet; `flask db upgrade` makes them."
    if is_being_filled(now):
        return UNFINISHED
    if now == newest or now not in revisions():
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
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
