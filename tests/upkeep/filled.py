"""A database with rows in every table, whatever tables there are: odd text, bytes of every value, missing values, large numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table

from app.core.storable import storable
from app.storage.database.db import Database, UtcDateTime
from app.storage.tables import metadata
from tests.builders import NOW
from tests.odd_text import ODD_TEXTS

ROWS = 8
BEYOND_32_BITS = 5_000_000_000
EVERY_BYTE = bytes(range(256))
LONGEST_ODD_TEXT = 40
"""Some texts are part of a key, which a database bounds by its bytes."""

TEXTS = [
    storable(text, LONGEST_ODD_TEXT) for name, text in ODD_TEXTS.items() if name not in ("empty", "long")
]


def fill(database: Database, rows: int = ROWS) -> None:
    """Put so many rows into every table."""
    with database.begin() as tx:
        for table in metadata.sorted_tables:
            tx.execute(table.insert(), [row_of(table, number) for number in range(rows)])


def row_of(table: Table, number: int) -> dict[str, Any]:
    """Return one row, whose keys are those of the same row in the tables that it refers to."""
    return {column.key: _value(column, number) for column in table.columns}


def _value(column: Column[Any], number: int) -> Any:
    for key in column.foreign_keys:
        return _value(key.column, number)
    if column.nullable and number % 3 == 0:
        return None
    for kind, made in OTHER_KINDS:
        if isinstance(column.type, kind):
            return made(number)
    length: int = column.type.length  # type: ignore[attr-defined]
    if column.primary_key or length < LONGEST_ODD_TEXT:
        return f"{number}"
    return f"{number} {TEXTS[number % len(TEXTS)]}"[:length]


OTHER_KINDS: Sequence[tuple[type, Callable[[int], Any]]] = (
    (Boolean, lambda number: number % 2 == 0),
    (UtcDateTime, lambda number: NOW + timedelta(microseconds=number)),
    (BigInteger, lambda number: BEYOND_32_BITS + number),
    (Integer, lambda number: number),
    (LargeBinary, lambda number: EVERY_BYTE * (number % ROWS)),
)
"""What a column of each kind but text holds; the narrower kind comes first."""
