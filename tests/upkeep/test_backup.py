"""Backup and restore, as they are typed: of an SQLite file that is being served, and of a server by its own programs."""

from __future__ import annotations

import os
import shlex
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.database import database_group
from app.pipeline.services import Services
from app.pipeline.upkeep.backup import server_command
from app.storage.bans import bans
from app.storage.database import schema
from app.storage.database.db import Database
from app.storage.database.row_copies import Tally, tally
from app.storage.tables import metadata
from tests.upkeep.filled import fill


@pytest.fixture
def services(services_with: Callable[..., Services], database_url: str) -> Services:
    return services_with(env={"DATABASE_URL": database_url})


def typed(services: Services, *words: str) -> Result:
    return CliRunner().invoke(database_group(services), words)


def tallies(database: Database) -> dict[str, Tally]:
    with database.read() as tx:
        return {each.name: tally(tx, each) for each in metadata.sorted_tables}


def lose_everything(database: Database) -> None:
    with database.begin() as tx:
        for each in reversed(metadata.sorted_tables):
            tx.execute(each.delete())


@pytest.mark.backends("sqlite")
def test_a_backup_of_a_served_file_is_whole_and_its_owners_alone(services: Services, tmp_path: Path) -> None:
    fill(services.database)
    backup = tmp_path / "monday.db"
    with services.database.begin() as tx:
        # What is not committed yet stays out, and nobody has to wait for it.
        tx.execute(bans.delete())
        done = typed(services, "backup", str(backup))
    assert done.exit_code == 0, done.output
    assert f"{backup} holds the whole database" in done.output
    assert backup.stat().st_mode & 0o777 == 0o600
    copied = Database(f"sqlite:///{backup}")
    found = tallies(copied)
    copied.close()
    assert found["bans"].rows == 8
    assert {name for name, each in tallies(services.database).items() if each != found[name]} == {"bans"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("monday")] == ["monday.db"]


@pytest.mark.backends("sqlite")
def test_a_backup_is_never_written_over_a_file(services: Services, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine", encoding="utf-8")
    done = typed(services, "backup", str(tmp_path / "precious"))
    assert (done.exit_code, "exists already" in done.output) == (1, True)
    assert (tmp_path / "precious").read_text(encoding="utf-8") == "mine"


@pytest.mark.backends("sqlite")
def test_a_backup_is_put_back_and_what_was_there_is_kept(services: Services, tmp_path: Path) -> None:
    fill(services.database)
    before = tallies(services.database)
    backup = tmp_path / "monday.db"
    typed(services, "backup", str(backup))
    lose_everything(services.database)
    place = Path(str(services.database.engine.url.database))
    services.database.close()
    # A log left by a crash: it belongs to the file that goes, and must not be read into the one that comes.
    Path(f"{place}-wal").write_bytes(b"not a log")
    # What a restore left that ended too soon.
    Path(f"{place}.part").write_bytes(b"half of it")
    done = typed(services, "restore", str(backup), "--yes")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == f"{backup} is restored. Start the gateway."
    assert tallies(services.database) == before
    assert place.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(f"{place}.before-20261120T120000Z") as kept:
        assert kept.execute("SELECT count(*) FROM bans").fetchone() == (0,)


@pytest.mark.backends("sqlite")
def test_a_backup_from_before_an_upgrade_says_what_is_missing(services: Services, tmp_path: Path) -> None:
    schema.downgrade(services.database, "-1")
    typed(services, "backup", str(tmp_path / "old.db"))
    schema.upgrade(services.database)
    done = typed(services, "restore", str(tmp_path / "old.db"), "--yes")
    assert done.exit_code == 0, done.output
    assert "`flask db upgrade` changes them" in done.output


@pytest.mark.backends("sqlite")
def test_nothing_is_restored_into_a_file_that_is_open_or_from_one_that_is_none(
    services: Services, tmp_path: Path
) -> None:
    fill(services.database, rows=1)
    before = tallies(services.database)
    typed(services, "backup", str(tmp_path / "good.db"))
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes((tmp_path / "good.db").read_bytes()[:9000])
    (tmp_path / "text.db").write_text("no database", encoding="utf-8")
    for name in ("damaged.db", "text.db", "absent.db"):
        assert typed(services, "restore", str(tmp_path / name), "--yes").exit_code == 1
    with sqlite3.connect(str(services.database.engine.url.database)) as other:
        other.execute("SELECT count(*) FROM bans").fetchall()
        done = typed(services, "restore", str(tmp_path / "good.db"), "--yes")
        assert "Stop every gateway and worker first: another process has the file open." in done.output
    other.close()
    assert tallies(services.database) == before


@pytest.mark.services
@pytest.mark.backends("postgresql", "mariadb")
def test_a_server_is_dumped_and_restored_by_the_commands_that_are_shown(
    services: Services, database: Database, tmp_path: Path
) -> None:
    fill(database)
    before = tallies(database)
    dump = tmp_path / "the dump"
    shown = typed(services, "backup", str(dump))
    assert shown.exit_code == 1
    command = server_command(database, "dump", dump)
    assert command is not None
    assert command in shown.output
    run(command)
    lose_everything(database)
    database.close()
    if database.backend == "postgresql":
        drop_tables(database)
    restore = server_command(database, "restore", dump)
    assert restore is not None
    run(restore)
    assert tallies(database) == before
    assert schema.tables_fault(database) is None


def drop_tables(database: Database) -> None:
    """Leave an empty database, which pg_restore wants."""
    with database.begin() as tx:
        metadata.drop_all(tx)
        tx.exec_driver_sql("DROP TABLE alembic_version")


def run(command: str) -> None:
    """Run what was shown; nobody is there to be asked for a password, and these servers want none."""
    line = command.replace(" --password ", " ")
    done = subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{shlex.quote(line)}\n{done.stdout}{done.stderr}"
