"""Dead rows: what PostgreSQL keeps of deleted rows until somebody clears it away; the other databases do that themselves.

A table through which everything passes has many of them and few live ones. Its server looks once a minute, or never where
autovacuum is off, and until then whoever looks for the first row walks over all dead ones.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, text

from app.storage.database.db import Database

_COUNT = text("SELECT pg_stat_get_dead_tuples(to_regclass(:name)::oid)")


def clear_dead_rows(database: Database, table: Table, *, more_than: int) -> bool:
    """Clear a table's dead rows away once there are more than that; say whether that was done.

    Two at once do not wait for each other. The file keeps its length, as shortening it would lock everybody out.
    """
    if database.backend != "postgresql":
        return False
    with database.read() as tx:
        if _count_dead_rows(tx, table) <= more_than:
            return False
    database.run_alone(f'VACUUM (SKIP_LOCKED, TRUNCATE false) "{table.name}"')
    return True


def _count_dead_rows(tx: Connection, table: Table) -> int:
    """Return the server's own estimate; it learns from each connection once a second at most."""
    return int(tx.execute(_COUNT, {"name": table.name}).scalar_one() or 0)
