"""The databases of a run: each made afresh, asked how durable it is, and dropped at the end."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bench.usage import parent_here

SERVERS = {
    "postgresql": ("BENCH_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    "mariadb": ("BENCH_MARIADB_URL", "mysql+pymysql://root@127.0.0.1:3306/test"),
}
KINDS = ("sqlite", *SERVERS)
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}

POLL_SECONDS = 0.05
DRAIN_SECONDS = 120


class StoreMissing(Exception):
    """The database server does not answer; what needs it is skipped."""


class Store:
    """One database of this run."""

    def __init__(self, kind: str, name: str, folder: Path):
        self.kind = kind
        self.name = f"callgate_bench_{os.getpid()}_{name}".replace("-", "_")
        self._file = folder / f"{self.name}.db"
        self.filled = 0
        self._engine: Engine | None = None

    @property
    def url(self) -> str:
        """Return its address as DATABASE_URL takes it."""
        if self.kind == "sqlite":
            return f"sqlite:///{self._file}"
        return server_url(self.kind).set(database=self.name).render_as_string(hide_password=False)

    def create(self) -> None:
        """Make it, empty; raises StoreMissing."""
        if self.kind == "sqlite":
            return
        try:
            _administer(self.kind, f"CREATE DATABASE {self.name}")
        except SQLAlchemyError as error:
            raise StoreMissing(f"{TITLES[self.kind]} does not answer") from error
        if self.kind == "postgresql":
            _administer(self.kind, f"ALTER DATABASE {self.name} SET synchronous_commit = on")

    def drop(self) -> None:
        """Remove it, whoever is still connected."""
        if self._engine is not None:
            self._engine.dispose()
        if self.kind == "sqlite":
            for path in self._file.parent.glob(self._file.name + "*"):
                path.unlink(missing_ok=True)
            return
        force = " WITH (FORCE)" if self.kind == "postgresql" else ""
        with suppress(SQLAlchemyError):
            _administer(self.kind, f"DROP DATABASE IF EXISTS {self.name}{force}")

    @property
    def engine(self) -> Engine:
        """Return connections of our own, beside the measured ones."""
        if self._engine is None:
            options: dict[str, Any] = {"connect_args": {"timeout": 30}} if self.kind == "sqlite" else {}
            self._engine = create_engine(self.url, isolation_level="AUTOCOMMIT", **options)
        return self._engine

    def number(self, query: str) -> int:
        """Return the one number a query gives."""
        with self.engine.connect() as connection:
            return int(connection.execute(text(query)).scalar_one() or 0)

    def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        with self.engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

    @contextmanager
    def server_settings(self, wanted: Mapping[str, int]) -> Iterator[None]:
        """Have the whole server run with other settings for a while, where it lets us."""
        before = {name: self.number(f"SELECT @@GLOBAL.{name}") for name in wanted}
        try:
            self._set_globally(wanted)
            yield
        finally:
            self._set_globally(before)

    def _set_globally(self, settings: Mapping[str, int]) -> None:
        for name, value in settings.items():
            with suppress(SQLAlchemyError):
                self.execute(f"SET GLOBAL {name} = {value}")

    def words(self, query: str) -> set[str]:
        """Return the words that a query gives, one from each row."""
        with self.engine.connect() as connection:
            return {str(word) for word in connection.execute(text(query)).scalars()}

    def processes(self) -> list[int] | None:
        """Return the main process of the database server; none for SQLite, None where it is not on this machine."""
        if self.kind == "sqlite":
            return []
        if self.kind == "mariadb":
            pid_file = Path(*self.words("SELECT @@pid_file"))
            return [int(pid_file.read_text())] if pid_file.is_file() else None
        main = parent_here(self.number("SELECT pg_backend_pid()"), "postgres")
        return [main] if main else None

    def unfinished(self) -> bool:
        """Say whether a dispatch is still to be run."""
        return bool(self.number("SELECT count(*) FROM (SELECT 1 FROM queue LIMIT 1) AS due"))

    def bytes_on_disk(self) -> int:
        """Return how much room it takes."""
        if self.kind == "sqlite":
            return sum(path.stat().st_size for path in self._file.parent.glob(self._file.name + "*"))
        if self.kind == "postgresql":
            return self.number(f"SELECT pg_database_size('{self.name}')")
        return self.number(
            "SELECT sum(data_length + index_length) FROM information_schema.tables "
            f"WHERE table_schema = '{self.name}'"
        )


def wait_until_done(store: Store) -> None:
    """Wait until no dispatch is due any more, or the time is over."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while store.unfinished() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def server_url(kind: str) -> Any:
    """Return the address of a database server."""
    variable, default = SERVERS[kind]
    return make_url(os.environ.get(variable) or default)


def _administer(kind: str, statement: str) -> None:
    engine = create_engine(
        server_url(kind), isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3}
    )
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def durability() -> dict[str, str]:
    """Return what each database is and how it treats a commit, in its own words."""
    facts = {"SQLite": f"{sqlite3.sqlite_version}; journal_mode=WAL, synchronous=FULL"}
    questions = {
        "postgresql": (
            "SELECT current_setting('server_version') || '; synchronous_commit=' || "
            "current_setting('synchronous_commit') || ', fsync=' || current_setting('fsync') || "
            "', full_page_writes=' || current_setting('full_page_writes') || "
            "', shared_buffers=' || current_setting('shared_buffers')"
        ),
        "mariadb": (
            "SELECT CONCAT(version(), '; innodb_flush_log_at_trx_commit=', @@innodb_flush_log_at_trx_commit, "
            "', log_bin=', @@log_bin, ', innodb_buffer_pool_size=', @@innodb_buffer_pool_size)"
        ),
    }
    for kind, question in questions.items():
        engine = create_engine(server_url(kind), connect_args={"connect_timeout": 3})
        try:
            with engine.connect() as connection:
                facts[TITLES[kind]] = str(connection.execute(text(question)).scalar_one())
        except SQLAlchemyError:
            facts[TITLES[kind]] = "does not answer; its cases are skipped"
        finally:
            engine.dispose()
    return facts
