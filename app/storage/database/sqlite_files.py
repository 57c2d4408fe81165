"""A copy of an SQLite file while it is served, and one put back in its place. The servers have programs of their own for that."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from app.storage.database.engine_options import PRIVATE_FILE

PART = ".part"
"""Behind the name of a file that is not whole yet."""

BESIDE = ("", "-wal", "-shm")
"""What belongs to one database: the file, its log, and the log's index."""


def back_up(place: Path, to: Path) -> None:
    """Write the database as it is at one moment into a new file, its owner's alone, and see that it is whole.

    `VACUUM INTO` reads within one transaction, so whoever serves the file goes on; what was deleted is not in the copy
    (SQLite, "VACUUM", read 2026-11-29). Raises FileExistsError, other OSErrors and sqlite3.Error.
    """
    part = to.with_name(to.name + PART)
    # SQLite fills an empty file, and makes one that everybody may read where there is none.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    try:
        with closing(sqlite3.connect(place, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(part),))
        fault = file_fault(part)
        if fault:
            raise sqlite3.DatabaseError(fault)
        _keep(part)
        # Unlike a rename, a link never takes the place of a file that is there.
        os.link(part, to)
        _keep(to.parent)
    finally:
        part.unlink(missing_ok=True)


def file_fault(place: Path) -> str | None:
    """Return what is wrong with an SQLite file, None when it is whole and holds a gateway's tables."""
    try:
        with closing(sqlite3.connect(f"file:{_quoted(place)}?mode=ro&immutable=1", uri=True)) as connection:
            (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if said != "ok":
                return f"SQLite finds it damaged: {said}"
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        return f"it is no database of a gateway ({error})"
    return None


def put_back(copy: Path, place: Path, *, aside: str) -> list[Path]:
    """Put a copy where the database is; what was there is kept, with `aside` behind its name. Nobody may have it open.

    A log that stayed beside another file would be read into it, so it goes along.
    """
    part = place.with_name(place.name + PART)
    # Left by one that ended too soon.
    part.unlink(missing_ok=True)
    made = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(made, "wb") as file, copy.open("rb") as source:
        shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())
    kept = []
    for end in reversed(BESIDE):
        with suppress(FileNotFoundError):
            kept.append(Path(f"{place}{end}").rename(Path(f"{place}{aside}{end}")))
    part.rename(place)
    _keep(place.parent)
    return kept[::-1]


def _keep(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _quoted(place: Path) -> str:
    return str(place).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
