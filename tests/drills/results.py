"""The table of a run of drills: one row for each line they printed, on the screen and, after the whole long form, in a file."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from tests.databases import SERVER_URLS
from tests.drills.account import Result
from tests.worker.conftest import BROKER_URLS

HEADINGS = (
    "drill", "database", "engine", "accepted", "lost", "effects twice", "repeated", "running at the fault",
    "answers again", "all done", "and",
)  # fmt: skip
INTRODUCTION = """# Results of the drills

Written by `make drills`; what each drill does and what the columns mean is in [drills.md](drills.md). Times are in seconds.

{place}
"""
BROKEN = """
## With guarantees broken on purpose

These have to be red; a drill that cannot fail proves nothing.
"""
FAILED = """
## Failed or left out

"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a drill, as text, so that it may travel between processes."""

    is_kept: bool
    cells: tuple[str, ...]


def make_row(title: str, place: tuple[str, str], result: Result, remark: str, *, is_kept: bool) -> Row:
    """Return the row of a result."""
    account = result.account
    numbers = (account.accepted, account.lost, account.twice, account.repeated, account.cut_short)
    times = ("" if each is None else f"{each:.1f}" for each in (result.answers_again, result.all_done))
    return Row(is_kept, (title, *place, *map(str, numbers), *times, remark))


def as_columns(rows: Sequence[Row]) -> str:
    """Return a Markdown table that can be read as text, too."""
    lines = [HEADINGS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in (lines[0], rule, *lines[1:])
    )


def as_page(rows: Iterable[Row], red: Sequence[str], *, place: str) -> str:
    """Return the page that is kept in the repository."""
    every = list(rows)
    page = INTRODUCTION.format(place=place) + "\n" + as_columns([row for row in every if row.is_kept])
    page += "\n" + BROKEN + "\n" + as_columns([row for row in every if not row.is_kept]) + "\n"
    if red:
        page += FAILED + "\n".join(f"- `{name}`" for name in red) + "\n"
    return page


def write_page(path: Path, rows: Iterable[Row], red: Sequence[str]) -> None:
    """Write the page."""
    path.write_text(as_page(rows, red, place=describe_place()), encoding="utf-8")


def describe_place() -> str:
    """Say when and on what this ran."""
    facts = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        f"{os.cpu_count()} cores",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *_servers(),
    ]
    return " · ".join(facts) + "."


def _servers() -> list[str]:
    asked = {
        "PostgreSQL": lambda: _database_version("postgresql", "SHOW server_version"),
        "MariaDB": lambda: _database_version("mariadb", "SELECT VERSION()"),
        "RabbitMQ": _rabbitmq_version,
        "Redis": _redis_version,
    }
    return [f"{name} {_or_nothing(ask)}" for name, ask in asked.items()]


def _or_nothing(ask: Any) -> str:
    try:
        return re.split(r"[ -]", str(ask()))[0]
    except Exception:
        return "not there"


def _database_version(backend: str, question: str) -> str:
    engine = create_engine(SERVER_URLS[backend], connect_args={"connect_timeout": 3})
    try:
        with engine.connect() as connection:
            return str(connection.execute(text(question)).scalar_one())
    finally:
        engine.dispose()


def _rabbitmq_version() -> str:
    from kombu import Connection

    with Connection(BROKER_URLS["rabbitmq"], connect_timeout=3) as connection:
        facts: Any = connection.connection
        return str(facts.server_properties["version"])


def _redis_version() -> str:
    import redis

    with redis.Redis.from_url(BROKER_URLS["redis"], socket_connect_timeout=3) as client:
        facts: Any = client.info("server")
    return str(facts["redis_version"])
