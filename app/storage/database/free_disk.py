"""How much room is left where SQLite's file is. The disks of other databases are their servers' own and cannot be seen from here."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.storage.database.db import Database

MEBIBYTE = 1_048_576


def sqlite_folder(database: Database) -> Path | None:
    """Return the folder of the database's file, None where it has none on this machine."""
    place = database.engine.url.database
    if not database.is_sqlite or not place or place.startswith((":memory:", "file:")):
        return None
    return Path(place).parent


def free_mebibytes(folder: Path) -> int:
    """Return how much of a folder's disk this process may still use; raises OSError. Opens no file."""
    return shutil.disk_usage(folder).free // MEBIBYTE
