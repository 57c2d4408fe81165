"""Backup and restore of an SQLite gateway; for a server's database, the command of its own program."""

from __future__ import annotations

import shlex
import sqlite3
from pathlib import Path

from app.core.errors import CallgateError
from app.pipeline.services import Services
from app.storage.database import schema
from app.storage.database.db import Database
from app.storage.database.sqlite_files import back_up, file_fault, put_back
from app.storage.database.use_by_others import use_by_others

ASIDE = ".before-%Y%m%dT%H%M%SZ"


class BackupFault(CallgateError):
    """Why there is no backup, or why nothing was restored."""

    def __init__(self, message: str):
        super().__init__("backup_refused", message)


def back_up_database(services: Services, to: Path) -> int:
    """Write the whole database into a new file while it is served, and return the file's size; raises BackupFault."""
    place = _file_of(services.database, "dump", to)
    if not place.exists():
        raise BackupFault(f"There is no database at {place}.")
    if to.exists():
        raise BackupFault(f"{to} exists already; a backup is never written over one.")
    try:
        back_up(place, to)
        return to.stat().st_size
    except FileExistsError as error:
        raise BackupFault(
            f"{error.filename} exists already: another backup is being written, or one ended too soon; delete it then."
        ) from None
    except (OSError, sqlite3.Error) as error:
        raise BackupFault(f"The backup could not be written: {error}.") from None


def restore_database(services: Services, backup: Path) -> list[Path]:
    """Put a backup where the database is, and return where what was there is now; raises BackupFault and changes nothing."""
    place = _file_of(services.database, "restore", backup)
    if not backup.is_file():
        raise BackupFault(f"There is no file {backup}.")
    if fault := file_fault(backup):
        raise BackupFault(f"{backup} cannot be restored: {fault}.")
    if found := use_by_others(services.database):
        raise BackupFault(f"Stop every gateway and worker first: {found}.")
    try:
        return put_back(backup, place, aside=f"{services.clock.now():{ASIDE}}")
    except OSError as error:
        raise BackupFault(f"The backup could not be put in its place: {error}.") from None


def version_after_restore(services: Services) -> str | None:
    """Return a sentence when the restored tables are not this code's, None when a gateway can start on them."""
    services.database.close()
    return schema.tables_fault(services.database)


def server_command(database: Database, work: str, file: Path) -> str | None:
    """Return what to type for a database on a server to `dump` or `restore` it, None for SQLite. Programs ask for the password."""
    if database.is_sqlite:
        return None
    url = database.engine.url
    words = {
        ("postgresql", "dump"): ["pg_dump", "--format=custom", f"--file={file}"],
        ("postgresql", "restore"): [
            "pg_restore",
            "--single-transaction",
            "--no-owner",
        ],
        ("mysql", "dump"): ["mariadb-dump", "--single-transaction", "--hex-blob", f"--result-file={file}"],
        ("mysql", "restore"): ["mariadb"],
    }[database.backend, work]
    user = "--username" if database.backend == "postgresql" else "--user"
    place = {"--host": url.host, "--port": url.port, user: url.username}
    words += [f"{name}={value}" for name, value in place.items() if value]
    if database.backend == "mysql":
        return shlex.join([*words, "--password", url.database or ""]) + _read_from(work, file)
    if work == "restore":
        return shlex.join([*words, f"--dbname={url.database}", str(file)])
    return shlex.join([*words, url.database or ""])


def _read_from(work: str, file: Path) -> str:
    return f" < {shlex.quote(str(file))}" if work == "restore" else ""


def _file_of(database: Database, work: str, file: Path) -> Path:
    command = server_command(database, work, file)
    if command:
        raise BackupFault(f"This database is on a server, whose own program does that:\n  {command}")
    place = database.engine.url.database
    if not place or place == ":memory:" or place.startswith("file:"):
        raise BackupFault("This database is in no file of its own.")
    return Path(place)
