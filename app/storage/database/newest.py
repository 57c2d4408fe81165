"""The newest row of each of many channels, many in one question: two hundred questions one after the other take too long for a page.

Written as text and kept by its size: to put such a statement together anew takes longer than the database needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, Row, TextualSelect, bindparam, text

AT_ONCE = 50
"""Selects in one statement: databases bound how many there may be."""

Columns = tuple[Column[Any], ...]


def newest_of_each(
    tx: Connection, columns: Columns, newest: Column[Any], channels: Iterable[str]
) -> dict[str, Row[Any]]:
    """Return the row with the highest `newest` of each channel that has one; the first of `columns` is the channel's."""
    found: dict[str, Row[Any]] = {}
    names = iter(channels)
    while some := list(islice(names, AT_ONCE)):
        asked = {f"name_{at}": name for at, name in enumerate(some)}
        rows = tx.execute(_question(columns, newest, len(some)), asked)
        found |= {row.channel: row for row in rows}
    return found


@cache
def _question(columns: Columns, newest: Column[Any], count: int) -> TextualSelect:
    names, table = ", ".join(column.name for column in columns), newest.table
    one = (
        f"SELECT * FROM (SELECT {names} FROM {table} WHERE {columns[0].name} = :name_{at} "  # noqa: S608 - names of our own columns
        f"ORDER BY {newest.name} DESC LIMIT 1) AS newest_{at}"
        for at in range(count)
    )
    places = (bindparam(f"name_{at}", type_=columns[0].type) for at in range(count))
    return text(" UNION ALL ".join(one)).bindparams(*places).columns(*columns)
