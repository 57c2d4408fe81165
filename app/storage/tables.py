"""Every table, imported once so that `metadata` is complete for migrations."""

from __future__ import annotations

from app.storage.database.db import metadata

__all__ = ["metadata"]
