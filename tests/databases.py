"""The databases of tests: a migrated one of each kind for each process of tests, and how one is emptied between two tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    CompoundSelect,
    Connection,
    Engine,
    Table,
    create_engine,
    exists,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from app.storage.database import schema
from app.storage.database.db import Database
from app.storage.database.kept_connections import MOST_KEPT
from app.storage.tables import metadata

SERVER_URLS = {
    "postgresql": os.environ.get(
        "TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
    ),
    "mariadb": os.environ.get("TEST_MARIADB_URL", "mysql+pymysql://root@127.0.0.1:3306/test"),
}
QUICK_TO_OPEN: dict[str, dict[str, str]] = {"postgresql": {}, "mariadb": {"ssl_disabled": "1"}}
"""PyMySQL reads every certificate of the machine for each connection, 20 ms long; a server on this machine needs none."""

POOL_SIZE, MOST_IDLE = 8, 1
"""Connections of one database in a test, and those that stay open between two: a server has a hundred for all processes."""

MEMORY = Path("/dev/shm")
BACKENDS = ["sqlite", *SERVER_URLS]


def need(service: str, reachable: bool) -> None:
    """Skip when a service is missing; fail instead where all of them are required."""
    if reachable:
        return
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{service} cannot be reached and REQUIRE_SERVICES=1")
    pytest.skip(f"{service} cannot be reached")


def migrate(url: str) -> None:
    """Bring a database to the newest tables, as `flask db upgrade` does and without starting a process for it."""
    database = Database(url)
    try:
        if schema.current_revision(database) != schema.newest_revision():
            schema.upgrade(database)
    finally:
        database.close()


def memory_folder() -> Path | None:
    """Return where files lie in memory; None where the usual temporary folder has to do."""
    return MEMORY if os.access(MEMORY, os.W_OK | os.X_OK) else None


def make_sqlite_template(path: Path) -> None:
    """Write a migrated SQLite file without rows, whole in itself, so that it can be copied."""
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()


def copy_of(template: Path, folder: Path) -> str:
    """Return the address of a copy of an SQLite file."""
    path = folder / "callgate.db"
    shutil.copy(template, path)
    return f"sqlite:///{path}"


def delete_rows(connection: Connection) -> None:
    """Delete every row; a table without rows is only looked at."""
    filled: set[str] = set(connection.execute(_names_of_filled()).scalars())  # type: ignore[arg-type]
    for table in _children_first():
        if table.name in filled:
            connection.execute(table.delete())


@cache
def _children_first() -> list[Table]:
    return list(reversed(metadata.sorted_tables))


@cache
def _names_of_filled() -> CompoundSelect[tuple[str]]:
    """Return one question for all tables."""
    return union_all(
        *(
            select(literal(table.name)).where(exists(select(literal(1)).select_from(table)))
            for table in _children_first()
        )
    )


class KeptDatabases:
    """An open database of each kind, lent to one test after the other: what SQLAlchemy compiled for one serves the next."""

    def __init__(self, make: Callable[[str], Database]):
        """`make` opens a migrated database of a kind."""
        self._make = make
        self._kept: dict[str, Database] = {}

    @contextmanager
    def lent(self, backend: str) -> Iterator[Database]:
        """Lend one without rows; one that a test changed, or whose connections are still in use, is not lent again."""
        database = self._kept.pop(backend, None) or self._make(backend)
        database.commits = 0
        before = dict(vars(database))
        yield database
        if _is_used_up(database, before):
            database.close()
            database = self._make(backend)
        with database.begin() as tx:
            delete_rows(tx)
        if _idle_connections(database) > MOST_IDLE:
            database.close()
        self._kept[backend] = database

    def close(self) -> None:
        """Close all of them."""
        for database in self._kept.values():
            database.close()


def _idle_connections(database: Database) -> int:
    pool: Any = database.engine.pool
    return int(pool.checkedin() + pool.checkedout())


def _is_used_up(database: Database, before: Mapping[str, Any]) -> bool:
    now = vars(database)
    changed = {name for name in now.keys() | before if now.get(name) is not before.get(name)}
    pool: Any = database.engine.pool
    return bool(changed - {"commits"}) or pool.checkedout() > MOST_KEPT


class ServerDatabases:
    """Databases of this test process on the servers, made when first asked for."""

    def __init__(self, worker: str):
        self._name = f"callgate_{worker}_{os.getpid()}"
        self._urls: dict[str, URL] = {}
        self._engines: dict[str, Engine] = {}

    def url(self, backend: str) -> str:
        """Return the address of a migrated database."""
        if backend not in self._urls:
            self._urls[backend] = self._create(backend)
            # A drill may have cut every connection to the database, those that are kept here among them.
            self._engines[backend] = create_engine(self._urls[backend], pool_pre_ping=True)
        return self._urls[backend].render_as_string(hide_password=False)

    def empty(self, backend: str) -> None:
        """Delete every row of one of them, so that the next test finds none."""
        with self._engines[backend].begin() as connection:
            delete_rows(connection)

    def _admin(self, backend: str, statement: str) -> None:
        engine = create_engine(
            SERVER_URLS[backend], isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3}
        )
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()

    def _create(self, backend: str) -> URL:
        try:
            self._admin(backend, f"CREATE DATABASE {self._name}")
        except SQLAlchemyError:
            need(backend, reachable=False)
        url = (
            make_url(SERVER_URLS[backend]).set(database=self._name).update_query_dict(QUICK_TO_OPEN[backend])
        )
        migrate(url.render_as_string(hide_password=False))
        return url

    def drop_all(self) -> None:
        """Remove what was made."""
        for backend, engine in self._engines.items():
            engine.dispose()
            force = " WITH (FORCE)" if backend == "postgresql" else ""
            self._admin(backend, f"DROP DATABASE {self._name}{force}")
