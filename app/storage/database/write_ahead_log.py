"""SQLite's write-ahead log, copied into the database file beside the writers instead of by one of them while all wait.

By itself SQLite has the commit that makes the log 1,000 pages long copy it, and that commit waits for the file to reach
the disk. In a large database the pages lie all over the file, which takes long.
"""

from __future__ import annotations

import os
from typing import Any

from app.storage.database.db import Database

COMMITS = 50
"""So many are copied together, about as many pages as SQLite would: every commit writes the last page of each index again."""

LONGEST_PAGES = 4_000
"""16 MB at SQLite's usual page size. The log starts anew at its first page only after nothing of it was left over."""


class WriteAheadLog:
    """The log of one database file; one thread of a process may have one."""

    def __init__(self, database: Database, *, longest: int = LONGEST_PAGES):
        self._database = database
        self._longest = longest
        self._copied = database.commits
        self._file: int | None = None
        database.leave_the_log()

    @property
    def is_due(self) -> bool:
        """Whether this process committed enough since the last copy."""
        return self._database.commits >= self._copied + COMMITS

    def copy(self) -> None:
        """Copy what was committed.

        What is written meanwhile is left over. So a log that is too long is copied again, and the little that came
        during that while nobody writes. Each copy is brought to the disk before, so that only that little is waited for.
        Raises what the driver raises, e.g. when the disk is full; the log then stays as it is.
        """
        commits = self._database.commits
        connection = self._database.engine.raw_connection()
        try:
            if self._copy_beside_writers(connection) > self._longest:
                self._copy_beside_writers(connection)
                with self._database.only_writer():
                    _copy(connection)
        finally:
            connection.close()
        self._copied = commits

    def _copy_beside_writers(self, connection: Any) -> int:
        """Copy, and return how many pages the log has."""
        pages = _copy(connection)
        if self._file is None:
            # Never closed: closing any descriptor of the file lets go of the locks SQLite holds on it (fcntl(2)).
            self._file = os.open(str(self._database.engine.url.database), os.O_RDONLY)
        bring_to_disk(self._file)
        return pages


bring_to_disk = getattr(os, "fdatasync", os.fsync)


def _copy(connection: Any) -> int:
    """Copy as much as is possible without waiting for anybody (sqlite.org/pragma.html#pragma_wal_checkpoint, read 2026-11-26)."""
    cursor = connection.cursor()
    try:
        _is_blocked, pages, _copied = cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    finally:
        cursor.close()
    return int(pages)
