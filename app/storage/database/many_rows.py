"""Many rows in one statement, in the fastest form each database has; the values are those the driver takes.

- PostgreSQL: `INSERT … SELECT * FROM unnest(array, …)`: a column travels as one array, parsed and planned once whatever
  the number of rows (PostgreSQL documentation, "Array Functions and Operators", read 2026-11-21).
- SQLite: `VALUES (…), (…)`, so that one step of the statement, for which Python lets go of the interpreter, writes all
  of them. Few sizes keep the driver's statement cache small: 50 rows are 32 + 16 + 2.
- MariaDB: the driver itself joins the rows of an `executemany` into one statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, Table, select

from app.storage.database.db import UtcDateTime

Rows = Sequence[tuple[Any, ...]]
LARGEST_CHUNK = 128


def insert_rows(tx: Connection, table: Table, columns: tuple[str, ...], rows: Rows) -> None:
    """Insert at least one row."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(_from_arrays(table, columns), _as_arrays(rows))
    elif tx.dialect.name == "sqlite":
        for chunk in _chunks(rows):
            tx.exec_driver_sql(_values(table, columns, len(chunk)), _flat(chunk))
    else:
        tx.exec_driver_sql(_one_row(table, columns), list(rows))


def insert_rows_once(tx: Connection, table: Table, columns: tuple[str, ...], rows: Rows) -> set[str]:
    """Insert at least one row, leaving out those to which a unique constraint objects; return the ids that went in.

    The first column must be the `id`, and no id may be in the table before.
    """
    ids = {row[0] for row in rows}
    if tx.dialect.name == "postgresql":
        statement = f"{_from_arrays(table, columns)} ON CONFLICT DO NOTHING RETURNING id"
        return set(tx.exec_driver_sql(statement, _as_arrays(rows)).scalars())
    if tx.dialect.name == "sqlite":
        inserted = 0
        for chunk in _chunks(rows):
            statement = f"{_values(table, columns, len(chunk))} ON CONFLICT DO NOTHING"
            inserted += tx.exec_driver_sql(statement, _flat(chunk)).rowcount
        if inserted == len(rows):
            return ids
    else:
        # IGNORE would hide other faults too; this form changes nothing where a key is taken. Its count does not tell
        # an inserted row from one left as it was.
        tx.exec_driver_sql(f"{_one_row(table, columns)} ON DUPLICATE KEY UPDATE `id` = `id`", list(rows))
    return set(tx.execute(select(table.c.id).where(table.c.id.in_(ids))).scalars())


def write_rows(tx: Connection, table: Table, columns: tuple[str, ...], rows: Rows) -> None:
    """Insert at least one row, each over the one that has its id; the first column must be the `id`."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(_from_arrays(table, columns) + _over_the_old(columns), _as_arrays(rows))
    elif tx.dialect.name == "sqlite":
        for chunk in _chunks(rows):
            tx.exec_driver_sql(_values(table, columns, len(chunk)) + _over_the_old(columns), _flat(chunk))
    else:
        news = ", ".join(f"`{name}` = VALUES(`{name}`)" for name in columns[1:])
        tx.exec_driver_sql(f"{_one_row(table, columns)} ON DUPLICATE KEY UPDATE {news}", list(rows))


def _over_the_old(columns: tuple[str, ...]) -> str:
    news = ", ".join(f'"{name}" = excluded."{name}"' for name in columns[1:])
    return f" ON CONFLICT (id) DO UPDATE SET {news}"


def add_to_rows(
    tx: Connection, table: Table, *, keys: tuple[str, ...], counts: tuple[str, ...], rows: Rows
) -> None:
    """Insert at least one row of keys and counts; where its keys are there, add its counts to those of that row."""
    columns = (*keys, *counts)
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(_from_arrays(table, columns) + _added(table, keys, counts), _as_arrays(rows))
    elif tx.dialect.name == "sqlite":
        for chunk in _chunks(rows):
            tx.exec_driver_sql(
                _values(table, columns, len(chunk)) + _added(table, keys, counts), _flat(chunk)
            )
    else:
        sums = ", ".join(f"`{name}` = `{name}` + VALUES(`{name}`)" for name in counts)
        tx.exec_driver_sql(f"{_one_row(table, columns)} ON DUPLICATE KEY UPDATE {sums}", list(rows))


@cache
def _added(table: Table, keys: tuple[str, ...], counts: tuple[str, ...]) -> str:
    sums = ", ".join(f'"{name}" = "{table.name}"."{name}" + excluded."{name}"' for name in counts)
    return f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"


@cache
def _from_arrays(table: Table, columns: tuple[str, ...]) -> str:
    """Return the statement for PostgreSQL; every name in it is a column of ours, never a value."""
    names = ", ".join(f'"{name}"' for name in columns)
    arrays = ", ".join(f"%b::{_array_type(table, name)}" for name in columns)
    return f'INSERT INTO "{table.name}" ({names}) SELECT * FROM unnest({arrays})'  # noqa: S608


def _array_type(table: Table, name: str) -> str:
    # By its name in the database: what the code calls a column may be another word.
    (kind,) = (each.type for each in table.columns if each.name == name)
    if isinstance(kind, UtcDateTime | BigInteger):
        return "bigint[]"
    if isinstance(kind, Integer):
        return "integer[]"
    if isinstance(kind, Boolean):
        return "boolean[]"
    return "bytea[]" if isinstance(kind, LargeBinary) else "text[]"


def _as_arrays(rows: Rows) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))


@cache
def _values(table: Table, columns: tuple[str, ...], count: int) -> str:
    """Return the statement for SQLite."""
    names = ", ".join(f'"{name}"' for name in columns)
    row = f"({', '.join('?' * len(columns))})"
    return f'INSERT INTO "{table.name}" ({names}) VALUES {", ".join([row] * count)}'  # noqa: S608


def _chunks(rows: Rows) -> Iterator[Rows]:
    """Cut into powers of two, the largest first."""
    at = 0
    while at < len(rows):
        size = min(LARGEST_CHUNK, 1 << ((len(rows) - at).bit_length() - 1))
        yield rows[at : at + size]
        at += size


def _flat(rows: Rows) -> tuple[Any, ...]:
    return tuple(value for row in rows for value in row)


@cache
def _one_row(table: Table, columns: tuple[str, ...]) -> str:
    """Return the statement for MariaDB."""
    names = ", ".join(f"`{name}`" for name in columns)
    return f"INSERT INTO `{table.name}` ({names}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608
