"""A look reads by index, however much is stored: the databases themselves say what they read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from app.core.states import DispatchState, EventState
from app.pipeline.watch.measures import Look, measure
from app.storage.alarms import Turn
from app.storage.database.db import Database
from tests.storage.test_no_statistics import fill
from tests.upkeep.stage import old_event, old_rejection
from tests.watch.post import Post

TABLES = ("events", "dispatches", "queue", "attempts", "rejections")
ROUNDS = 7
READ = "SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_user_tables WHERE relname IN %s"
WHOLE = re.compile(rf"SCAN ({'|'.join(TABLES[:4])})(?! USING)")
"""Of rejections the newest one is asked for, which SQLite calls a scan, from the end."""


@pytest.fixture
def busy(post: Post) -> Post:
    """Return a gateway in which something of each kind has happened."""
    for state in (DispatchState.SUCCEEDED, DispatchState.RETRYING, DispatchState.DEAD):
        dead = EventState.DEAD if state is DispatchState.DEAD else EventState.SUCCEEDED
        for _ in range(12):
            old_event(post.services, 0.001, state=dead, dispatch_states=(state,))
    for _ in range(12):
        old_rejection(post.services, 0.001)
    return post


def look(post: Post) -> list[str]:
    """Look once and return the kinds that were found."""
    now = post.clock.now()
    turn = Turn(now, now - timedelta(days=1))
    found = measure(Look(post.services, turn.taken_at, turn.without_gap_since, seconds_ahead=lambda: None))
    assert len(found.judged) == 7
    return [finding.kind.value for finding in found.findings]


@pytest.mark.backends("sqlite")
def test_sqlite_reads_no_table_from_end_to_end(busy: Post) -> None:
    asked: dict[str, Any] = {}

    def note(_conn: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: Any) -> None:
        if statement.startswith("SELECT"):
            asked[statement] = values

    engine = busy.services.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert {"channel_failing", "dead_letters"} <= set(look(busy))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(asked) >= 6
    with busy.services.database.read() as tx:
        plans = [
            row.detail
            for statement, values in asked.items()
            for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    assert [plan for plan in plans if WHOLE.search(plan)] == []


@pytest.fixture
def left_alone(database: Database) -> Iterator[Database]:
    """Return the database while nobody looks after its tables."""
    for change in ("SET (autovacuum_enabled = false)", "RESET (autovacuum_enabled)"):
        with database.begin() as tx:
            for table in TABLES:
                tx.exec_driver_sql(f"ALTER TABLE {table} {change}")
        if change.startswith("SET"):
            yield database


@pytest.mark.backends("postgresql")
def test_postgresql_reads_no_table_from_end_to_end(busy: Post, left_alone: Database) -> None:
    fill(left_alone, 1, 4_000, ended=2_000)
    read = []
    names = ", ".join(f"'{table}'" for table in TABLES)
    for _ in range(ROUNDS):
        look(busy)
        with left_alone.read() as tx:
            tx.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        with left_alone.read() as tx:
            read.append(int(tx.exec_driver_sql(READ.replace("%s", f"({names})")).scalar_one()))
    assert read[-1] == read[0], read
