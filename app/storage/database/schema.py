"""Migrations up and down, over a connection of the given database."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.storage.database.db import Database

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables up to a revision."""
    with database.begin() as connection:
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


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
