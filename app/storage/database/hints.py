"""What a database's planner cannot know by itself, said in the query; the others read the same query without it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class rarely(FunctionElement[bool]):  # noqa: N801 - reads as a function, as those of SQLAlchemy do
    """A condition that few rows fulfil, so that the index for it is used.

    SQLite counts how many rows an index entry has on average. Of a state that one event in a thousand has, it thinks that
    half of all have it, and walks through a million by time instead.
    """

    # Of no type: what is known to be true or false would be compared with 1, and then no index is used.
    inherit_cache = True

    def __init__(self, condition: ColumnElement[bool]):
        super().__init__(condition)


@compiles(rarely)
def _as_it_is(element: rarely, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)})"


@compiles(rarely, "sqlite")
def _for_sqlite(element: rarely, compiler: Any, **options: Any) -> str:
    return f"unlikely({compiler.process(element.clauses, **options)})"
