"""Fixtures every test may use: a real database of each kind, a clock that stands still, joined services."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from app.pipeline.services import Services
from app.storage.database import schema
from app.storage.database.db import Database
from app.storage.tables import metadata
from tests.builders import FrozenClock, make_services

SERVER_URLS = {
    "postgresql": os.environ.get(
        "TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
    ),
    "mariadb": os.environ.get("TEST_MARIADB_URL", "mysql+pymysql://root@127.0.0.1:3306/test"),
}
BACKENDS = ["sqlite", *SERVER_URLS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever touches the database on every kind of database."""
    if "backend" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("backends")
        names = list(only.args) if only else BACKENDS
        params = [
            pytest.param(name, marks=[] if name == "sqlite" else pytest.mark.services) for name in names
        ]
        metafunc.parametrize("backend", params, indirect=True)


def need(service: str, reachable: bool) -> None:
    """Skip when a service is missing; fail instead where all of them are required."""
    if reachable:
        return
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{service} cannot be reached and REQUIRE_SERVICES=1")
    pytest.skip(f"{service} cannot be reached")


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """Return the kind of database of this run."""
    return str(request.param)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file, made once."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()
    return path


class ServerDatabases:
    """Databases of this test process on the servers, made when first asked for."""

    def __init__(self, worker: str):
        self._name = f"callgate_{worker}_{os.getpid()}"
        self._urls: dict[str, URL] = {}

    def url(self, backend: str) -> URL:
        """Return the address of an empty, migrated database."""
        if backend not in self._urls:
            self._urls[backend] = self._create(backend)
        return self._urls[backend]

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
        url = make_url(SERVER_URLS[backend]).set(database=self._name)
        database = Database(url.render_as_string(hide_password=False))
        schema.upgrade(database)
        database.close()
        return url

    def drop_all(self) -> None:
        """Remove what was made."""
        for backend in self._urls:
            force = " WITH (FORCE)" if backend == "postgresql" else ""
            self._admin(backend, f"DROP DATABASE {self._name}{force}")


@pytest.fixture(scope="session")
def server_databases(worker_id: str) -> Iterator[ServerDatabases]:
    """Keep this process's databases until the end."""
    databases = ServerDatabases(worker_id)
    yield databases
    databases.drop_all()


@pytest.fixture
def database_url(
    backend: str, tmp_path: Path, sqlite_template: Path, server_databases: ServerDatabases
) -> Iterator[str]:
    """Return the address of a migrated database without rows."""
    if backend == "sqlite":
        path = tmp_path / "callgate.db"
        shutil.copy(sqlite_template, path)
        yield f"sqlite:///{path}"
        return
    url = server_databases.url(backend).render_as_string(hide_password=False)
    yield url
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
    finally:
        engine.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Return an open database."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FrozenClock:
    """Return a clock that stands still until told otherwise."""
    return FrozenClock()


@pytest.fixture
def services(database: Database, clock: FrozenClock) -> Iterator[Services]:
    """Return services over this database with a `callback` channel and no handlers."""
    made = make_services(database, clock=clock)
    yield made
    made.inline_pool.shutdown(wait=False)


@pytest.fixture
def services_with(database: Database, clock: FrozenClock) -> Iterator[Callable[..., Services]]:
    """Return a function that makes services over this database; arguments as tests.builders.make_services."""
    made: list[Services] = []

    def make(**options: object) -> Services:
        services = make_services(database, **({"clock": clock} | options))  # type: ignore[arg-type]
        made.append(services)
        return services

    yield make
    for services in made:
        services.inline_pool.shutdown(wait=False)
