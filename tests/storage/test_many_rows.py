"""Many rows in one statement: every number of them, with the exact values, and exactly those whose key was free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, UniqueConstraint, select

from app.storage.database.db import Database, UtcDateTime, microseconds
from app.storage.database.many_rows import insert_rows, insert_rows_once, write_rows
from tests.builders import NOW

COLUMNS = ("id", "name", "at", "body")


@pytest.fixture
def table(database: Database) -> Iterator[Table]:
    """Return a table of its own, which is gone afterwards."""
    made = Table(
        "many_rows_test",
        MetaData(),
        Column("id", String(32), primary_key=True),
        Column("name", String(64)),
        Column("at", UtcDateTime),
        Column("body", LargeBinary),
        UniqueConstraint("name"),
    )
    with database.begin() as tx:
        made.create(tx)
    yield made
    with database.begin() as tx:
        made.drop(tx)


def rows(count: int, *, prefix: str = "id") -> list[tuple[Any, ...]]:
    return [
        (f"{prefix}{n:04}", f"{prefix} name {n} 名", microseconds(NOW) + n, bytes([n % 256, 0, 39, 92]))
        for n in range(count)
    ]


def stored(database: Database, table: Table) -> list[tuple[Any, ...]]:
    with database.read() as tx:
        found = tx.execute(select(table).order_by(table.c.id)).all()
    return [(row.id, row.name, microseconds(row.at), bytes(row.body)) for row in found]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 127, 128, 129, 300])
def test_every_row_arrives_exactly(database: Database, table: Table, count: int) -> None:
    with database.begin() as tx:
        insert_rows(tx, table, COLUMNS, rows(count))
    assert stored(database, table) == rows(count)


@pytest.mark.parametrize("count", [1, 5, 130])
def test_a_null_is_a_null(database: Database, table: Table, count: int) -> None:
    empty = [(f"id{n}", None, None, None) for n in range(count)]
    with database.begin() as tx:
        insert_rows(tx, table, COLUMNS, empty)
    with database.read() as tx:
        assert {tuple(row)[1:] for row in tx.execute(select(table))} == {(None, None, None)}


@pytest.mark.parametrize("count", [1, 3, 50, 200])
def test_rows_whose_keys_are_free_all_go_in(database: Database, table: Table, count: int) -> None:
    with database.begin() as tx:
        assert insert_rows_once(tx, table, COLUMNS, rows(count)) == {row[0] for row in rows(count)}
    assert len(stored(database, table)) == count


def test_a_row_whose_key_is_taken_is_left_out_and_named_by_its_absence(
    database: Database, table: Table
) -> None:
    taken = [row for n, row in enumerate(rows(50)) if n % 7 == 0]
    with database.begin() as tx:
        insert_rows(tx, table, COLUMNS, [(f"old{row[0]}", *row[1:]) for row in taken])
    with database.begin() as tx:
        fresh = insert_rows_once(tx, table, COLUMNS, rows(50))
    assert fresh == {row[0] for row in rows(50)} - {row[0] for row in taken}
    assert {row[0] for row in stored(database, table)} == fresh | {f"old{row[0]}" for row in taken}


def test_of_two_rows_with_one_key_in_the_same_statement_one_goes_in(database: Database, table: Table) -> None:
    twins = [("a", "same", 1, b""), ("b", "same", 2, b"")]
    with database.begin() as tx:
        fresh = insert_rows_once(tx, table, COLUMNS, twins)
    assert fresh in ({"a"}, {"b"})
    assert {row[0] for row in stored(database, table)} == fresh


@pytest.mark.parametrize("count", [1, 50, 130])
def test_rows_are_written_over_those_that_have_their_id(database: Database, table: Table, count: int) -> None:
    old = [(row[0], None, None, None) for n, row in enumerate(rows(count)) if n % 3 == 0]
    with database.begin() as tx:
        insert_rows(tx, table, COLUMNS, old)
        write_rows(tx, table, COLUMNS, rows(count))
    assert stored(database, table) == rows(count)
