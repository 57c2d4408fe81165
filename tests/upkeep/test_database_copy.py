"""`flask db copy`: all of a gateway in another database, or a sentence and nothing that passes for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from app.pipeline.upkeep.database_copy import CopyFault, DatabaseCopy
from app.storage.audit import audit_entries, write_audit
from app.storage.bans import bans
from app.storage.database import schema
from app.storage.database.db import Database
from app.storage.database.row_copies import begin_filling, tally
from app.storage.queue.dispatches import queue
from app.storage.tables import metadata
from tests.builders import NOW
from tests.databases import POOL_SIZE, ServerDatabases, copy_of
from tests.upkeep.filled import BEYOND_32_BITS, ROWS, fill, row_of

pytestmark = pytest.mark.services
MOVES = [
    ("sqlite", "postgresql"),
    ("sqlite", "mariadb"),
    ("postgresql", "mariadb"),
    ("mariadb", "postgresql"),
    ("postgresql", "sqlite"),
    ("mariadb", "sqlite"),
]
TO_ANY = [("sqlite", "postgresql"), ("sqlite", "mariadb"), ("postgresql", "sqlite")]
"""Moves that end in each kind."""


def keep_quiet(_table: str, _rows: int) -> None: ...


@dataclass
class Move:
    """Two migrated databases without rows."""

    old: Database
    new: Database

    def copy(self, on_progress: Callable[[str, int], None] = keep_quiet) -> None:
        move = DatabaseCopy(self.old, self.new)
        move.plan()
        move.run(on_progress)

    def differing(self) -> list[str]:
        """Return the tables whose rows are not the same."""
        with self.old.read() as old, self.new.read() as new:
            return [each.name for each in metadata.sorted_tables if tally(old, each) != tally(new, each)]


@pytest.fixture
def opened(
    sqlite_template: Path, sqlite_folder: Path, server_databases: ServerDatabases
) -> Iterator[Callable[[str], Database]]:
    """Return what opens an empty database of a kind; afterwards it is empty again, and no copy's."""
    kept: list[tuple[str, Database]] = []

    def open_one(kind: str) -> Database:
        url = copy_of(sqlite_template, sqlite_folder) if kind == "sqlite" else server_databases.url(kind)
        kept.append((kind, Database(url, pool_size=POOL_SIZE)))
        return kept[-1][1]

    yield open_one
    for kind, database in kept:
        if kind != "sqlite":
            with database.begin() as tx:
                tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.newest_revision()}'")
            server_databases.empty(kind)
        database.close()


@pytest.fixture
def move(opened: Callable[[str], Database], kinds: tuple[str, str]) -> Move:
    # What a fixture for all tests keeps open on these servers would count as somebody else.
    return Move(*map(opened, kinds))


@pytest.fixture(params=[TO_ANY[0]], ids="-".join)
def kinds(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


def stored(database: Database, table: Table) -> list[tuple[Any, ...]]:
    with database.read() as tx:
        rows = tx.execute(select(table).order_by(*table.primary_key)).all()
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("kinds", MOVES, ids="-".join, indirect=True)
def test_every_table_arrives_whole(move: Move) -> None:
    fill(move.old)
    move.copy()
    for each in metadata.sorted_tables:
        assert stored(move.new, each) == stored(move.old, each), each.name
        assert len(stored(move.new, each)) == ROWS
    assert schema.tables_fault(move.new) is None


@pytest.mark.parametrize("kinds", TO_ANY, ids="-".join, indirect=True)
def test_new_rows_are_numbered_behind_the_copied_ones(move: Move) -> None:
    fill(move.old)
    move.copy()
    with move.new.begin() as tx:
        write_audit(tx, at=NOW, actor="ops", action="looked", target="")
        assert tx.execute(select(func.max(audit_entries.c.id))).scalar_one() == BEYOND_32_BITS + ROWS


def test_an_empty_gateway_is_numbered_from_the_start(move: Move) -> None:
    move.copy()
    with move.new.begin() as tx:
        write_audit(tx, at=NOW, actor="ops", action="looked", target="")
        assert tx.execute(select(func.max(audit_entries.c.id))).scalar_one() == 1


def test_one_value_that_differs_is_seen(move: Move) -> None:
    fill(move.old)
    move.copy()
    with move.new.begin() as tx:
        tx.execute(bans.update().where(bans.c.address == "1").values(times=99))
    assert move.differing() == ["bans"]


@pytest.mark.parametrize("kinds", TO_ANY, ids="-".join, indirect=True)
def test_a_copy_that_ended_too_soon_passes_for_no_gateways_database_and_begins_anew(move: Move) -> None:
    fill(move.old)

    def die(table: str, _rows: int) -> None:
        if table == "events":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move.copy(die)
    assert "not been finished" in (schema.tables_fault(move.new) or "")
    move.copy()
    assert move.differing() == []
    assert schema.tables_fault(move.new) is None


def test_a_copy_that_another_one_has_overtaken_leaves_it_alone(move: Move) -> None:
    fill(move.old)

    done: list[str] = []

    def overtake(table: str, _rows: int) -> None:
        done.append(table)
        if table == "bans":
            with move.new.begin() as tx:
                begin_filling(tx)

    with pytest.raises(CopyFault, match="Another `flask db copy`"):
        move.copy(overtake)
    assert done[-1] == "bans", "nothing more was written"
    assert "not been finished" in (schema.tables_fault(move.new) or "")


def test_what_changes_meanwhile_is_seen_at_the_end(move: Move) -> None:
    fill(move.old)

    def write(table: str, _rows: int) -> None:
        if table == "users":
            with move.old.begin() as tx:
                tx.execute(bans.delete().where(bans.c.address == "1"))

    with pytest.raises(CopyFault, match="bans differs: 7 rows in the old database, 8 in the new one"):
        move.copy(write)
    assert "not been finished" in (schema.tables_fault(move.new) or "")


@pytest.mark.parametrize("kinds", TO_ANY[:2], ids="-".join, indirect=True)
def test_a_row_that_the_new_database_refuses_is_named_without_its_content(move: Move) -> None:
    fill(move.old)
    with move.old.begin() as tx:
        tx.execute(bans.update().where(bans.c.address == "5").values(reason="secret" * 50))
    with pytest.raises(CopyFault, match="A row of bans \\(address '5'\\) cannot be stored") as refused:
        move.copy()
    assert "secret" not in refused.value.message


def test_rows_in_the_new_database_are_never_written_over(move: Move) -> None:
    with move.new.begin() as tx:
        tx.execute(bans.insert(), [row_of(bans, 1)])
    with pytest.raises(CopyFault, match="not empty: there are rows in bans"):
        move.copy()


def test_both_databases_must_have_the_tables_of_this_code(move: Move) -> None:
    schema.downgrade(move.new, "-1")
    with pytest.raises(CopyFault, match="The new database is not ready"):
        move.copy()
    schema.upgrade(move.new)
    schema.downgrade(move.old, "-1")
    with pytest.raises(CopyFault, match="The old database cannot be copied"):
        move.copy()


def test_a_database_is_not_copied_into_itself(move: Move) -> None:
    with pytest.raises(CopyFault, match="the same database"):
        DatabaseCopy(move.old, move.old).plan()


def test_the_plan_counts_and_changes_nothing(move: Move) -> None:
    fill(move.old)
    with move.old.begin() as tx:
        tx.exec_driver_sql("CREATE TABLE prices (id INTEGER PRIMARY KEY)")
    plan = DatabaseCopy(move.old, move.new).plan()
    assert plan.rows["events"] == ROWS
    assert plan.total == ROWS * len(metadata.sorted_tables)
    assert plan.left_out == ["prices"]
    assert len(move.differing()) == len(metadata.sorted_tables)


def said_of(move: Move, which: str) -> str:
    """Return what a plan says about others in one of the databases; tests of this process may keep a connection there."""
    plan = DatabaseCopy(move.old, move.new).plan()
    return next((found for found in plan.in_use if found.startswith(f"The {which} database")), "")


@pytest.mark.parametrize("kinds", TO_ANY, ids="-".join, indirect=True)
@pytest.mark.parametrize("which", ["old", "new"])
def test_whoever_has_a_database_open_is_seen(move: Move, which: str) -> None:
    before = said_of(move, which)
    database = {"old": move.old, "new": move.new}[which]
    other = Database(database.engine.url.render_as_string(hide_password=False))
    with other.read() as tx:
        tx.exec_driver_sql("SELECT count(*) FROM events").scalar()
        during = said_of(move, which)
    other.close()
    assert during != before
    assert "open" in during
    assert said_of(move, which) == before


def test_dispatches_that_run_are_seen(move: Move) -> None:
    fill(move.old)
    with move.old.begin() as tx:
        running = {"state": "running", "due_at": NOW.replace(year=2999)}
        tx.execute(queue.update().where(queue.c.id == "1").values(**running))
    assert said_of(move, "old").startswith("The old database: 1 dispatches are running")
