"""PostgreSQL never gathers statistics and clears nothing: a gateway that works through a backlog still reads what it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.drills.conftest import Say
from tests.drills.engines import Engine
from tests.drills.form import drill_marks, runs_on, sized
from tests.drills.stage import Drill

pytestmark = drill_marks()

CALLBACKS = sized(200, 20_000)
TABLES = ("events", "dispatches", "queue", "attempts")
MOST_READ_PER_CALLBACK = 12
"""Rows read by going through whole tables; scans for each claim would read thousands for each callback."""
READ = f"SELECT COALESCE(SUM(seq_tup_read), 0)::bigint FROM pg_stat_user_tables WHERE relname IN {TABLES}"
LOOKED_AFTER = f"""
SELECT relname FROM pg_stat_user_tables
WHERE relname IN {TABLES} AND (last_autovacuum IS NOT NULL OR last_autoanalyze IS NOT NULL OR last_analyze IS NOT NULL)
"""


@contextmanager
def left_alone(database_url: str) -> Iterator[None]:
    """Switch autovacuum off for the tables a callback goes through, and forget what was counted before."""
    engine = create_engine(database_url)

    def alter(change: str) -> None:
        with engine.begin() as connection:
            for table in TABLES:
                connection.execute(text(f"ALTER TABLE {table} {change}"))

    alter("SET (autovacuum_enabled = false)")
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_stat_reset()"))
    try:
        yield
    finally:
        alter("RESET (autovacuum_enabled)")
        engine.dispose()


@runs_on("postgresql-embedded", long=("postgresql-embedded", "postgresql-rabbitmq"))
def test_a_backlog_is_worked_through_without_statistics(
    tmp_path: Path, database_url: str, engine: Engine, say: Say
) -> None:
    with left_alone(database_url), Drill(tmp_path, database_url, engine) as drill:
        crowd = drill.crowd()
        senders = drill.senders(least=CALLBACKS)
        drill.fault()
        result = drill.finish(crowd, senders)
        accepted = len(crowd.acknowledged) + len(senders.acknowledged)
        assert drill.ask(LOOKED_AFTER) == [], "somebody gathered statistics"
        [read] = drill.ask(READ)
    say.kept(result, f"rows read by whole scans {read / accepted:.1f} for each callback")
    assert read < MOST_READ_PER_CALLBACK * accepted
