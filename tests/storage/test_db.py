"""The database: the same answers from SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, inspect
from sqlalchemy.event import listen

from app.core.errors import StoreUnavailable
from app.storage.audit import list_audit, write_audit
from app.storage.database import kept_connections
from app.storage.database.db import Database, Transaction, insert_once
from app.storage.inbox.nonces import MARK, delete_expired_nonces, nonces, use_nonce
from tests.builders import NOW


def test_a_time_comes_back_exactly(database: Database) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    with database.begin() as tx:
        write_audit(tx, at=moment, actor="system", action="test", target="x")
    with database.read() as tx:
        (entry,) = list_audit(tx, before=None, limit=5)
    assert entry.at == moment


def test_a_block_that_raises_leaves_nothing_behind(database: Database) -> None:
    def write_and_fail() -> None:
        with database.begin() as tx:
            use_nonce(tx, "a", "n", NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    with database.begin() as tx:
        assert use_nonce(tx, "a", "n", NOW)


def test_only_the_first_insert_of_a_key_wins(database: Database) -> None:
    with database.begin() as tx:
        assert use_nonce(tx, "a", "n", NOW)
        assert not use_nonce(tx, "a", "n", NOW)
        assert use_nonce(tx, "b", "n", NOW)


@pytest.mark.parametrize("other", ["N", "n ", "ｎ", "ń"])
def test_text_that_only_looks_alike_is_different(database: Database, other: str) -> None:
    with database.begin() as tx:
        assert use_nonce(tx, "a", "n", NOW)
        assert use_nonce(tx, "a", other, NOW)


def test_one_of_many_threads_wins_a_key(database: Database) -> None:
    won: list[bool] = []
    barrier = threading.Barrier(8)

    def claim() -> None:
        barrier.wait()
        won.append(
            database.run(
                lambda tx: insert_once(tx, nonces, {"channel": "a", "nonce": "n", "expires_at": NOW})
            )
        )

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]


def test_expired_nonces_are_forgotten(database: Database) -> None:
    with database.begin() as tx:
        use_nonce(tx, "a", "old", NOW - timedelta(seconds=1))
        use_nonce(tx, "a", "new", NOW + timedelta(seconds=1))
        assert delete_expired_nonces(tx, NOW, limit=9) == 1
        assert use_nonce(tx, "a", "old", NOW)
        assert not use_nonce(tx, "a", "new", NOW)


def test_the_oldest_nonces_are_forgotten_first_and_only_so_many(database: Database) -> None:
    with database.begin() as tx:
        for age in (1, 3, 2):
            for channel in ("a", "b"):
                use_nonce(tx, channel, f"{age}", NOW - timedelta(seconds=age))
        assert delete_expired_nonces(tx, NOW, limit=4) == 4
        assert [row.nonce for row in tx.execute(nonces.select().where(nonces.c.nonce != MARK))] == ["1", "1"]


@pytest.mark.backends("sqlite")
def test_forgetting_nonces_reads_indexes_only(database: Database) -> None:
    seen: list[tuple[str, Any]] = []
    listen(
        database.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, parameters, context, many: seen.append((statement, parameters)),
    )
    with database.begin() as tx:
        for number in range(9):
            use_nonce(tx, "a", f"{number}", NOW - timedelta(seconds=number))
        seen.clear()
        delete_expired_nonces(tx, NOW, limit=9)
        plans = [
            str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all()) for sql, given in tuple(seen)
        ]
    assert sum("SEARCH" in plan for plan in plans) == 3
    assert not any("SCAN" in plan for plan in plans)


def test_a_store_that_cannot_be_reached_says_so() -> None:
    unreachable = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert not unreachable.is_reachable()
    with pytest.raises(StoreUnavailable), unreachable.begin():
        pass


def test_big_bodies_fit(database: Database) -> None:
    from app.storage.inbox.rejections import rejections

    body = bytes(range(256)) * 1024
    with database.begin() as tx:
        tx.execute(
            rejections.insert().values(
                channel="a", status=400, error="e", reason="r", method="POST", path="/", remote_addr="::1",
                received_at=NOW, headers=b"[]", body_start=body, body_length=len(body), trace_id="",
            )
        )  # fmt: skip
    with database.read() as tx:
        assert bytes(tx.execute(rejections.select()).one().body_start) == body


def test_every_table_is_there_after_the_migrations(database: Database) -> None:
    from app.storage.tables import metadata

    names = set(inspect(database.engine).get_table_names())
    assert set(metadata.tables) <= names


@pytest.mark.backends("postgresql", "mariadb")
def test_a_connection_that_died_while_it_rested_is_not_used_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_connections, "KEPT_SECONDS", 0.0)
    with database.begin() as tx:
        number = connection_number(tx)
    end_connection(database, number)
    with database.begin() as tx:
        assert connection_number(tx) != number


@pytest.mark.backends("postgresql", "mariadb")
def test_a_connection_that_broke_is_not_kept(database: Database) -> None:
    numbers: list[int] = []

    def break_it() -> None:
        with database.begin() as tx:
            numbers.append(connection_number(tx))
            end_connection(database, numbers[0])
            connection_number(tx)

    with pytest.raises(StoreUnavailable):
        break_it()
    with database.begin() as tx:
        assert connection_number(tx) != numbers[0]


def test_few_connections_are_kept_between_transactions(database: Database) -> None:
    if database.is_sqlite:
        with database.begin():
            pass
    else:
        with contextlib.ExitStack() as stack:
            for _ in range(kept_connections.MOST_KEPT + 3):
                stack.enter_context(database.begin())
    assert database.engine.pool.checkedout() <= kept_connections.MOST_KEPT  # type: ignore[attr-defined]


def test_what_comes_back_while_the_database_closes_is_not_left_open(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.close()
    ended: list[object] = []
    closing: list[Connection] = []
    listen(database.engine, "close", lambda connection, _record: ended.append(connection))
    give_back = Connection.close

    def close_all_before(connection: Connection) -> None:
        if not closing:
            closing.append(connection)
            database.close()
        give_back(connection)

    with database.read() as tx:
        tx.exec_driver_sql("SELECT 1")
        monkeypatch.setattr(Connection, "close", close_all_before)
    assert len(ended) == 1


def test_what_is_taken_while_the_database_closes_is_not_left_open(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.close()
    ended: list[object] = []
    listen(database.engine, "close_detached", ended.append)
    give_pool_up = database.engine.dispose
    late = contextlib.ExitStack()

    def take_before(*, close: bool) -> None:
        late.enter_context(database.read()).exec_driver_sql("SELECT 1")
        give_pool_up(close=close)

    monkeypatch.setattr(database.engine, "dispose", take_before)
    database.close()
    late.close()
    assert len(ended) == 1


@pytest.mark.parametrize("block", ["begin", "read"])
def test_what_is_in_use_while_the_database_closes_ends_afterwards(database: Database, block: str) -> None:
    ended: list[object] = []
    # What an earlier test left idle is closed first.
    database.close()
    listen(database.engine, "close_detached", ended.append)
    with getattr(database, block)() as tx:
        tx.exec_driver_sql("SELECT 1")
        database.close()
        assert not ended
    assert len(ended) == 1
    with database.begin():
        pass
    assert len(ended) == 1


def test_a_block_that_raised_leaves_its_connection_fit_for_the_next_one(database: Database) -> None:
    def write_and_fail() -> None:
        with database.begin() as tx:
            use_nonce(tx, "a", "n0", NOW)
            raise RuntimeError

    for _ in range(3):
        with pytest.raises(RuntimeError):
            write_and_fail()
    with database.begin() as tx:
        assert use_nonce(tx, "a", "n0", NOW)


def connection_number(tx: Transaction) -> int:
    """Return the server's own number of a connection."""
    question = "SELECT pg_backend_pid()" if tx.dialect.name == "postgresql" else "SELECT connection_id()"
    return int(tx.exec_driver_sql(question).scalar_one())


def end_connection(database: Database, number: int) -> None:
    """Let the server end another connection."""
    with database.engine.connect() as other:
        if database.backend == "postgresql":
            other.exec_driver_sql(f"SELECT pg_terminate_backend({number}, 5000)")
        else:
            other.exec_driver_sql(f"KILL {number}")


@pytest.mark.backends("postgresql", "mariadb")
def test_what_comes_back_between_the_end_of_a_pool_and_the_next_one_is_not_left_open(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.close()
    pool, lent = database.engine.pool, contextlib.ExitStack()
    lent.enter_context(database._connections.checked())
    empty = pool.dispose

    def emptied_and_filled_again() -> None:
        empty()
        lent.close()

    monkeypatch.setattr(pool, "dispose", emptied_and_filled_again)
    database.close()
    assert pool.checkedin() == 0  # type: ignore[attr-defined]
