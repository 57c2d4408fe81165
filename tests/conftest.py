"""Fixtures every test may use: a real database of each kind, a clock that stands still, joined services."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import hypothesis
import pytest

from app.pipeline.services import Services
from app.storage import audit
from app.storage.database.db import Database
from app.storage.inbox import rejections
from tests import processes
from tests.builders import FrozenClock, make_services
from tests.databases import (
    BACKENDS,
    POOL_SIZE,
    KeptDatabases,
    ServerDatabases,
    copy_of,
    make_sqlite_template,
    memory_folder,
)
from tests.routes import remember_rules

remember_rules()
# Every so many rows these tables are cleared by chance; a test that is about that says when.
audit.PRUNE_EVERY = rejections.PRUNE_EVERY = 10**9
# How long one example takes says something about the machine; a test that hangs is ended by its own limit.
hypothesis.settings.register_profile("callgate", deadline=None)
hypothesis.settings.load_profile("callgate")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let several processes share the tests; see tests/processes.py."""
    processes.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Take over when they shall."""
    processes.configure(config)


def pytest_collection_finish() -> None:
    """Leave what was loaded out of the garbage collector's rounds: it stays, and walking through it is a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever touches the database on every kind of database."""
    given = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "backend" in metafunc.fixturenames and not any("backend" in names for names in given):
        only = metafunc.definition.get_closest_marker("backends")
        names = list(only.args) if only else BACKENDS
        params = [
            pytest.param(name, marks=[] if name == "sqlite" else pytest.mark.services) for name in names
        ]
        metafunc.parametrize("backend", params, indirect=True)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """Return the kind of database of this run."""
    return str(request.param)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file, made once."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    make_sqlite_template(path)
    return path


@pytest.fixture(scope="session")
def server_databases(pytestconfig: pytest.Config) -> Iterator[ServerDatabases]:
    """Keep this process's databases until the end."""
    databases = ServerDatabases(processes.name_of_process(pytestconfig))
    yield databases
    databases.drop_all()


@pytest.fixture
def sqlite_folder() -> Iterator[Path]:
    """Return a folder for an SQLite file: in memory where there is such a place, as waiting for the disk proves nothing.

    Where it does, in the drills, this fixture is another one.
    """
    with TemporaryDirectory(prefix="callgate-", dir=memory_folder()) as folder:
        yield Path(folder)


@pytest.fixture
def database_url(
    backend: str, request: pytest.FixtureRequest, server_databases: ServerDatabases
) -> Iterator[str]:
    """Return the address of a migrated database without rows."""
    if backend == "sqlite":
        template, folder = (
            request.getfixturevalue("sqlite_template"),
            request.getfixturevalue("sqlite_folder"),
        )
        yield copy_of(template, folder)
        return
    yield server_databases.url(backend)
    server_databases.empty(backend)


@pytest.fixture(scope="session")
def kept_databases(sqlite_template: Path, server_databases: ServerDatabases) -> Iterator[KeptDatabases]:
    """Keep this process's open databases until the end."""
    with TemporaryDirectory(prefix="callgate-", dir=memory_folder()) as folder:

        def make(backend: str) -> Database:
            if backend == "sqlite":
                return Database(copy_of(sqlite_template, Path(mkdtemp(dir=folder))))
            return Database(server_databases.url(backend), pool_size=POOL_SIZE)

        kept = KeptDatabases(make)
        yield kept
        kept.close()


@pytest.fixture
def database(backend: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Return an open database without rows; one of its own for a test that knows its address too."""
    if "database_url" in request.fixturenames:
        opened = Database(request.getfixturevalue("database_url"), pool_size=POOL_SIZE)
        yield opened
        opened.close()
        return
    with request.getfixturevalue("kept_databases").lent(backend) as opened:
        yield opened


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
