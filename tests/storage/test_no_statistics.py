"""Claims and completions on a PostgreSQL that never gathered statistics: they read what they take, however much is stored.

The counts are the server's own, of the very transaction; autovacuum is off for these tables, as it is on a fresh one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from app.storage.database.db import Database, microseconds
from app.storage.queue.claims import claim_due, renew_leases
from app.storage.queue.completions import complete, succeeded
from app.storage.queue.dispatches import Claim
from tests.builders import NOW

TABLES = ("events", "dispatches", "queue", "attempts")
TAKEN = 64
ROUNDS = 7
"""From the sixth on the driver has prepared the statements and the server may keep a plan."""

EVENTS = """
INSERT INTO events (id, channel, platform, type, key, state, duplicates, received_at, remote_addr, scheme, version)
SELECT md5(n::text), 'c', 'c', 't', n::text, 'succeeded', 0, 0, '', '', '' FROM generate_series(%s::int, %s::int) AS s(n)
"""
WAITING = """
INSERT INTO queue (id, event_id, route, state, attempt, due_at, trigger, order_key)
SELECT md5(n::text), md5(n::text), 'r', 'pending', 0, %s::bigint + n, 'automatic', NULL FROM generate_series(%s::int, %s::int) AS s(n)
"""
ENDED = """
INSERT INTO dispatches (id, event_id, route, state, attempt, finished_at)
SELECT md5(n::text), md5(n::text), 'r', 'succeeded', 1, 0 FROM generate_series(%s::int, %s::int) AS s(n)
"""
READ = "SELECT sum(seq_tup_read)::bigint FROM pg_stat_xact_user_tables WHERE relname IN %s"

pytestmark = pytest.mark.backends("postgresql")


@pytest.fixture
def left_alone(database: Database) -> Iterator[Database]:
    """Return the database while nobody looks after its tables."""
    with database.begin() as tx:
        for table in TABLES:
            tx.exec_driver_sql(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    yield database
    with database.begin() as tx:
        for table in TABLES:
            tx.exec_driver_sql(f"ALTER TABLE {table} RESET (autovacuum_enabled)")


def fill(database: Database, first: int, last: int, *, ended: int) -> None:
    """Store events of which that many have ended and the others wait, due one after the other."""
    with database.begin() as tx:
        tx.exec_driver_sql(EVENTS, (first, last))
        tx.exec_driver_sql(ENDED, (first, first + ended - 1))
        tx.exec_driver_sql(WAITING, (microseconds(NOW), first + ended, last))


def rows_read(tx: Connection) -> int:
    names = ", ".join(f"'{table}'" for table in TABLES)
    return int(tx.exec_driver_sql(READ.replace("%s", f"({names})")).scalar_one())


def one_round(database: Database) -> int:
    """Claim, renew and complete; return how many rows were read by scanning whole tables."""
    later = NOW + timedelta(days=1)
    with database.begin() as tx:
        before = rows_read(tx)
        claims: list[Claim] = claim_due(tx, now=later, lease_until=later + timedelta(days=1), limit=TAKEN)
        renew_leases(tx, claims, lease_until=later + timedelta(days=2))
        assert complete(tx, [succeeded(claim, later) for claim in claims]) == [True] * TAKEN
        return rows_read(tx) - before


def test_nothing_is_read_but_what_is_taken_beside_thousands_that_wait(left_alone: Database) -> None:
    fill(left_alone, 1, 4_000, ended=2_000)
    assert [one_round(left_alone) for _ in range(ROUNDS)] == [0] * ROUNDS


def test_plans_made_over_empty_tables_do_no_harm_when_they_fill(left_alone: Database) -> None:
    """What a fresh gateway meets: its connections have planned everything before the first event came."""
    with left_alone.begin() as tx:
        for table in TABLES:
            tx.exec_driver_sql(f"TRUNCATE {table} CASCADE")
    first = 1
    for _ in range(ROUNDS):
        fill(left_alone, first, first + TAKEN - 1, ended=0)
        one_round(left_alone)
        first += TAKEN
    fill(left_alone, first, first + 4_000, ended=2_000)
    assert [one_round(left_alone) for _ in range(ROUNDS)] == [0] * ROUNDS
