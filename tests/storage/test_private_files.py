"""SQLite's files and the folder made for them are their owner's alone, whatever the umask says."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.storage.database import schema
from app.storage.database.db import Database


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_database_and_its_folder_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    database = Database(f"sqlite:///{folder / 'x.db'}")
    schema.upgrade(database)
    files = {path.name: mode(path) for path in folder.iterdir()}
    database.close()
    assert mode(folder) == 0o700
    assert files == {"x.db": 0o600, "x.db-wal": 0o600, "x.db-shm": 0o600}


def test_a_database_of_an_older_version_becomes_private_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    database.close()
    path.chmod(0o644)
    database = Database(f"sqlite:///{path}")
    assert schema.current_revision(database) == schema.newest_revision()
    database.close()
    assert mode(path) == 0o600


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    assert database.is_reachable()
    database.close()
    assert mode(tmp_path) == 0o755


LOOK = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM sqlite_master').fetchall()"


def test_another_process_that_looks_and_goes_takes_no_write_along(tmp_path: Path) -> None:
    path = tmp_path / "own.db"
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    with database.engine.connect(), database.engine.connect():
        subprocess.run([sys.executable, "-c", LOOK, str(path)], check=True)
    with database.begin() as tx:
        tx.exec_driver_sql("CREATE TABLE later (id INTEGER)")
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM later").fetchone() == (0,)
    database.close()
