"""Judges the store: whether the database answers, whether its tables fit the code, whether there is place on the disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.config.settings import Settings
from app.core.errors import StoreUnavailable
from app.pipeline.login.session_keys import key_place
from app.pipeline.operators.doctor.finding import Finding, State
from app.security.vault import Vault, VaultError
from app.storage.database import schema
from app.storage.database.db import Database
from app.storage.login.signing_keys import find_active_key

MIB = 1024 * 1024
MIGRATE = "Stop the gateway, make a copy of the database, then run `flask db upgrade`."
NEARLY_FULL = 5
"""Free space below so many times LEAST_FREE_DISK_MB is worth a warning."""


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """What was seen of the folder that holds the SQLite file."""

    folder: str
    fault: str = ""
    free_mb: int = 0


def database_findings(database: Database, vault: Vault) -> Iterator[Finding]:
    """Ask the database whether it answers, then for its tables, then whose it is."""
    values = {"backend": database.backend}
    if not has_file(database):
        yield Finding("database", "ok", "The SQLite file will be made by `flask db upgrade`.")
        yield Finding("tables", "wrong", "There are no tables yet.", MIGRATE)
        return
    if not database.is_reachable():
        yield Finding(
            "database",
            "wrong",
            "The %(backend)s database does not answer; until it does, callbacks are answered with 503.",
            "Start the database, and compare host, port, name, user and password in DATABASE_URL. For SQLite the folder must exist "
            "and belong to the user who runs the gateway.",
            values,
        )
        yield Finding(
            "tables", "not_tried", "The tables were not looked at, since the database does not answer."
        )
        return
    tables = _tables(database)
    if tables.state == "ok" and not _is_ours(database, vault):
        yield Finding(
            "database",
            "wrong",
            "The %(backend)s database holds what another SECRET_KEY sealed: it belongs to another environment, or the key was lost.",
            "Give each environment a DATABASE_URL of its own; after a change of the key, put the old one behind the new one in SECRET_KEY.",
            values,
        )
    else:
        yield Finding("database", "ok", "The %(backend)s database answers.", values=values)
    yield tables


def _is_ours(database: Database, vault: Vault) -> bool:
    """Say whether the key that signs sessions opens; a database without one is anybody's."""
    with database.read() as tx:
        key = find_active_key(tx)
    try:
        return key is None or bool(vault.open(key.private_key, place=key_place(key.kid)))
    except VaultError:
        return False


def _tables(database: Database) -> Finding:
    try:
        fault = schema.tables_fault(database)
    except StoreUnavailable:
        return Finding("tables", "not_tried", "The tables could not be read: the database went away.")
    if fault is None:
        return Finding("tables", "ok", "The tables fit the code.")
    return Finding(
        "tables",
        "wrong",
        "%(fault)s",
        MIGRATE,
        {"fault": fault},
    )


def has_file(database: Database) -> bool:
    """Say whether an SQLite file is there, which a look would make; true for a database elsewhere."""
    file = database.engine.url.database
    return not database.is_sqlite or not file or Path(file).exists()


def is_usable(database: Database) -> bool:
    """Say whether the tables can be asked."""
    try:
        return has_file(database) and schema.tables_fault(database) is None
    except StoreUnavailable:
        return False


def sqlite_folder(database: Database) -> Path | None:
    """Return the folder of an SQLite file; None for a database elsewhere, or in memory."""
    if not database.is_sqlite or not database.engine.url.database:
        return None
    return Path(database.engine.url.database).resolve().parent


def ask_disk(folder: Path) -> DiskFacts:
    """Write and delete a small file where the database is or will be, and see how much is free."""
    folder = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"callgate")
            file.flush()
            os.fsync(file.fileno())
        return DiskFacts(str(folder), free_mb=shutil.disk_usage(folder).free // MIB)
    except OSError as error:
        return DiskFacts(str(folder), fault=error.strerror or error.__class__.__name__)


def disk_finding(settings: Settings, facts: DiskFacts | None) -> Finding:
    """Judge the disk under SQLite; that of a database server has to be watched there."""
    if facts is None:
        return Finding("disk", "not_tried", "The database is on a server; its disk has to be watched there.")
    values = {
        "folder": facts.folder,
        "fault": facts.fault,
        "free": facts.free_mb,
        "least": settings.least_free_disk_mb,
    }
    if facts.fault:
        return Finding(
            "disk",
            "wrong",
            "Nothing can be written in %(folder)s: %(fault)s.",
            "Give the folder to the user who runs the gateway (chown), mount it for writing, or free space on that disk.",
            values,
        )
    least, free = settings.least_free_disk_mb, facts.free_mb
    state: State = "wrong" if free < least else "warn" if free < least * NEARLY_FULL else "ok"
    if state == "ok":
        return Finding("disk", "ok", "%(folder)s can be written, %(free)s MiB are free.", values=values)
    return Finding(
        "disk",
        state,
        "%(free)s MiB are free in %(folder)s; below %(least)s MiB callbacks are answered with 503.",
        "Free space there, lower RETENTION_BODY_DAYS and run `flask prune`, or move to PostgreSQL.",
        values,
    )
