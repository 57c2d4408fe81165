"""Rows as the drivers have them: read from any table, written into the same table of another database, counted and compared.

Knows no table of ours by name. A database that is being filled says so where its revision stands, so that nothing half
filled is taken for a gateway's: each transaction of a copy renews that mark, and one that lost it has been overtaken.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Table,
    column,
    exists,
    func,
    inspect,
    literal,
    select,
    table,
    union_all,
    update,
)

from app.storage.database.many_rows import insert_rows
from app.storage.database.schema import BEING_FILLED

StoredTable = Table
"""A table as pipelines know it."""

RawRow = tuple[Any, ...]
FETCHED_AT_ONCE = 64
BATCH_ROWS = 256
BATCH_BYTES = 1024 * 1024
SMALL_VALUE = 16
"""What a number or a short word is taken to weigh."""

VERSION_TABLE = "alembic_version"
_version = table(VERSION_TABLE, column("version_num"))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows a table has, and a number made of all of them in which their order does not count."""

    rows: int
    total: int

    @property
    def digest(self) -> str:
        """Return the number as it is shown."""
        return f"{self.total:064x}"[:16]


def columns_of(rows_of: Table) -> tuple[str, ...]:
    """Return the names of a table's columns, in the order in which rows are read and written here."""
    return tuple(each.name for each in rows_of.columns)


def raw_rows(tx: Connection, rows_of: Table) -> Iterator[RawRow]:
    """Read every row with the values as they are stored: times are numbers, only truth values are made the same everywhere."""
    names = columns_of(rows_of)
    truths = [number for number, each in enumerate(rows_of.columns) if isinstance(each.type, Boolean)]
    question = select(table(rows_of.name, *map(column, names)))
    for row in tx.execute(question, execution_options={"yield_per": FETCHED_AT_ONCE}):
        values = list(row)
        for number in truths:
            values[number] = None if values[number] is None else bool(values[number])
        yield tuple(values)


def batches(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    """Put rows together until they are many or heavy."""
    batch: list[RawRow] = []
    weight = 0
    for row in rows:
        batch.append(row)
        weight += sum(len(value) if isinstance(value, str | bytes) else SMALL_VALUE for value in row)
        if len(batch) >= BATCH_ROWS or weight >= BATCH_BYTES:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def write_batch(tx: Connection, rows_of: Table, batch: Sequence[RawRow]) -> None:
    """Insert rows as they were read."""
    insert_rows(tx, rows_of, columns_of(rows_of), batch)


def count_rows(tx: Connection, rows_of: Table) -> int:
    """Return how many rows a table has."""
    return int(tx.execute(select(func.count()).select_from(rows_of)).scalar_one())


def tally(tx: Connection, rows_of: Table) -> Tally:
    """Count a table's rows, and add up what each of them hashes to."""
    count = total = 0
    for row in raw_rows(tx, rows_of):
        count += 1
        total += int.from_bytes(sha256(repr(row).encode()).digest())
    return Tally(count, total % (1 << 256))


def filled_tables(tx: Connection, tables: Sequence[Table]) -> list[str]:
    """Return the names of those that have a row."""
    questions = [
        select(literal(each.name)).where(exists(select(literal(1)).select_from(each))) for each in tables
    ]
    return sorted(tx.execute(union_all(*questions)).scalars())


def other_tables(tx: Connection, tables: Sequence[Table]) -> list[str]:
    """Return the names of tables in a database that are not among these."""
    return sorted(set(inspect(tx).get_table_names()) - {each.name for each in tables} - {VERSION_TABLE})


def delete_all_rows(tx: Connection, rows_of: Table) -> None:
    """Delete every row of a table."""
    tx.execute(rows_of.delete())


def begin_filling(tx: Connection) -> str:
    """Mark a database as being filled, and return the mark."""
    mark = BEING_FILLED + secrets.token_hex(8)
    tx.execute(update(_version).values(version_num=mark))
    return mark


def is_still_filling(tx: Connection, mark: str) -> bool:
    """Say whether the mark is still there, and keep others from changing it until this transaction ends."""
    return _write_version(tx, mark, mark)


def end_filling(tx: Connection, mark: str, revision: str) -> bool:
    """Put the revision where the mark is; False when somebody else's is there."""
    return _write_version(tx, mark, revision)


def _write_version(tx: Connection, before: str, after: str) -> bool:
    done = tx.execute(update(_version).where(_version.c.version_num == before).values(version_num=after))
    return done.rowcount == 1


def go_on_numbering(tx: Connection, rows_of: Table) -> None:
    """Have the next row that the database numbers come after those that brought their number along.

    SQLite and MariaDB look at the rows themselves.
    """
    numbered = rows_of.autoincrement_column
    if numbered is None or tx.dialect.name != "postgresql":
        return
    highest = tx.execute(select(func.max(numbered))).scalar()
    sequence = func.pg_get_serial_sequence(rows_of.name, numbered.name)
    tx.execute(select(func.setval(sequence, highest or 1, highest is not None)))
