"""SQLite's log is copied beside the writers, starts anew however much they write, and no commit copies it."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.serving.log_copier import LogCopier
from app.storage.database import write_ahead_log
from app.storage.database.db import Database
from app.storage.database.write_ahead_log import WriteAheadLog
from app.storage.inbox.nonces import use_nonce
from tests.builders import NOW
from tests.worker.stage import wait_for

pytestmark = pytest.mark.backends("sqlite")
PAGE = 4096
PAGES_A_COMMIT = 3
numbers = count()


def write(database: Database, commits: int = 1, *, rows: int = 1) -> None:
    for _ in range(commits):
        with database.begin() as tx:
            for _ in range(rows):
                use_nonce(tx, "log", f"{next(numbers):0200}", NOW)


def write_and_say(database: Database, written: threading.Event) -> None:
    write(database)
    written.set()


def write_until(database: Database, done: threading.Event) -> None:
    while not done.is_set():
        write(database)


def file_of(database: Database) -> Path:
    return Path(str(database.engine.url.database))


def log_pages(database: Database) -> int:
    """Return how many pages the log's file has room for."""
    return Path(f"{file_of(database)}-wal").stat().st_size // PAGE


def rows_without_the_log(database: Database, folder: Path) -> int:
    """Count what the database file has by itself; another process reads it, as closing it here would unlock it."""
    alone = folder / "alone.db"
    subprocess.run(["cp", str(file_of(database)), str(alone)], check=True)
    with sqlite3.connect(alone) as connection:
        return int(connection.execute("SELECT count(*) FROM nonces").fetchone()[0])


def test_a_copy_brings_what_was_committed_into_the_file(database: Database, tmp_path: Path) -> None:
    log = WriteAheadLog(database)
    write(database, 20)
    assert rows_without_the_log(database, tmp_path) == 0
    log.copy()
    assert rows_without_the_log(database, tmp_path) == 20


def test_a_commit_leaves_the_log_alone_however_long_it_is(database: Database, tmp_path: Path) -> None:
    WriteAheadLog(database)
    write(database, rows=12_000)
    assert log_pages(database) > 1_200
    write(database)
    assert rows_without_the_log(database, tmp_path) == 0


def test_a_log_that_nobody_copies_is_copied_by_a_commit_in_the_end(database: Database) -> None:
    WriteAheadLog(database)
    with database.read() as tx:
        assert tx.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one() == 20_000


def test_without_a_thread_for_it_commits_copy_the_log_as_always(database: Database, tmp_path: Path) -> None:
    write(database, rows=12_000)
    assert rows_without_the_log(database, tmp_path) == 12_000


def test_a_long_log_starts_anew_though_somebody_writes_all_the_time(database: Database) -> None:
    log = WriteAheadLog(database, longest=200)
    done = threading.Event()
    writer = threading.Thread(target=write_until, args=(database, done))
    writer.start()
    while database.commits * PAGES_A_COMMIT <= 2_000:
        done.wait(0.01)
        log.copy()
    done.set()
    writer.join()
    assert log_pages(database) < 1_000


def test_nobody_writes_while_the_last_rest_is_copied(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    could_write: list[bool] = []
    writers = []
    really_copy = write_ahead_log._copy

    def copy(connection: Any) -> int:
        written = threading.Event()
        writers.append(threading.Thread(target=write_and_say, args=(database, written)))
        writers[-1].start()
        # Who may write is waited for; who may not is seen in half a second.
        could_write.append(written.wait(20 if len(could_write) < 2 else 0.5))
        return really_copy(connection)

    log = WriteAheadLog(database, longest=0)
    write(database)
    monkeypatch.setattr(write_ahead_log, "_copy", copy)
    log.copy()
    for writer in writers:
        writer.join()
    assert could_write == [True, True, False]


def test_every_copy_is_on_the_disk_before_writers_wait_for_the_rest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []
    really_copy = write_ahead_log._copy

    def copy(connection: Any) -> int:
        steps.append("copy")
        return really_copy(connection)

    monkeypatch.setattr(write_ahead_log, "bring_to_disk", lambda _file: steps.append("disk"))
    monkeypatch.setattr(write_ahead_log, "_copy", copy)
    log = WriteAheadLog(database, longest=0)
    write(database)
    log.copy()
    assert steps == ["copy", "disk", "copy", "disk", "copy"]


def test_a_copy_is_due_after_many_commits(database: Database) -> None:
    write(database, 60)
    log = WriteAheadLog(database)
    due = [log.is_due]
    for commits in (49, 1):
        write(database, commits)
        due.append(log.is_due)
    log.copy()
    assert [*due, log.is_due] == [False, False, True, False], "what was before is SQLite's own business"


def test_a_copy_that_failed_is_still_due(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    log = WriteAheadLog(database)
    write(database, 50)
    monkeypatch.setattr(write_ahead_log, "_copy", fail)
    with pytest.raises(sqlite3.OperationalError):
        log.copy()
    assert log.is_due


def fail(_connection: object) -> int:
    raise sqlite3.OperationalError("database or disk is full")


def test_a_statement_of_many_rows_keeps_what_it_may_undo_in_memory(database: Database) -> None:
    with database.begin() as tx:
        assert tx.exec_driver_sql("PRAGMA temp_store").scalar_one() == 2


@pytest.fixture
def copier(database: Database) -> Iterator[Callable[[], LogCopier]]:
    def start() -> LogCopier:
        started = LogCopier(WriteAheadLog(database), pause=0.01)
        started.start()
        copiers.append(started)
        return started

    copiers: list[LogCopier] = []
    yield start
    for each in copiers:
        each.stop()


def test_the_thread_copies_by_itself(
    database: Database, tmp_path: Path, copier: Callable[[], LogCopier]
) -> None:
    copier()
    write(database, 50)
    wait_for(lambda: rows_without_the_log(database, tmp_path) == 50)


def test_the_thread_goes_on_after_a_fault_and_tells_of_it_once(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    copier: Callable[[], LogCopier],
) -> None:
    tries: list[object] = []

    def fail_and_count(connection: object) -> int:
        tries.append(connection)
        return fail(connection)

    with monkeypatch.context() as fault, structlog.testing.capture_logs() as logs:
        fault.setattr(write_ahead_log, "_copy", fail_and_count)
        copier()
        write(database, 50)
        wait_for(lambda: len(tries) >= 3)
    assert [line["error"] for line in logs if line["event"] == "log_not_copied"] == ["OperationalError"]
    wait_for(lambda: rows_without_the_log(database, tmp_path) == 50)
