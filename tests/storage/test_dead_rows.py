"""Dead rows of the queue: cleared away by the gateway itself, as its server may never do it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, MetaData, String, Table

from app.storage.database.db import Database
from app.storage.database.dead_rows import clear_dead_rows

ROWS = 500


@pytest.fixture
def table(database: Database) -> Iterator[Table]:
    """Return a table of its own, full of dead rows where the database has such, which is gone afterwards."""
    made = Table("dead_rows_test", MetaData(), Column("id", String(32), primary_key=True))
    with database.begin() as tx:
        made.create(tx)
    with database.begin() as tx:
        tx.execute(made.insert(), [{"id": f"{number:032}"} for number in range(ROWS)])
    with database.begin() as tx:
        tx.execute(made.delete())
        if database.backend == "postgresql":
            tx.exec_driver_sql("SELECT pg_stat_force_next_flush()")
    yield made
    with database.begin() as tx:
        made.drop(tx)


def first_page_is_free(database: Database) -> bool:
    """Say whether new rows go into the room of the deleted ones."""
    with database.begin() as tx:
        tx.exec_driver_sql("INSERT INTO dead_rows_test VALUES ('new')")
        place = str(tx.exec_driver_sql("SELECT ctid FROM dead_rows_test").scalar_one())
    return place.startswith("(0,")


@pytest.mark.backends("postgresql")
def test_many_dead_rows_are_cleared_away(database: Database, table: Table) -> None:
    assert clear_dead_rows(database, table, more_than=ROWS - 1)
    assert first_page_is_free(database)


@pytest.mark.backends("postgresql")
def test_few_dead_rows_are_left(database: Database, table: Table) -> None:
    assert not clear_dead_rows(database, table, more_than=ROWS)


@pytest.mark.backends("postgresql")
def test_a_table_that_somebody_else_looks_after_is_left_to_them(database: Database, table: Table) -> None:
    with database.begin() as tx:
        tx.exec_driver_sql("LOCK dead_rows_test IN SHARE UPDATE EXCLUSIVE MODE")
        assert clear_dead_rows(database, table, more_than=ROWS - 1)


@pytest.mark.backends("sqlite", "mariadb")
def test_other_databases_clear_up_by_themselves(database: Database, table: Table) -> None:
    assert not clear_dead_rows(database, table, more_than=0)
