"""Going back to the first landed version's tables with rows in every table, and forward again: what that version knew is all there."""

from __future__ import annotations

from sqlalchemy import inspect

from app.storage.database import schema
from app.storage.database.db import Database
from app.storage.database.row_copies import count_rows
from app.storage.queue.dispatches import dispatches, queue
from app.storage.tables import metadata
from tests.upkeep.filled import ROWS, fill

FIRST_LANDED = "0006"
WAITING = "3"
"""The first row of which the dispatch has ended; those before it wait."""


def test_a_filled_database_goes_back_and_forth_and_keeps_its_rows(database: Database) -> None:
    fill(database)
    with database.begin() as tx:
        # One version has one table where the other has two; what stands in both is another test's (test_queue_migration.py).
        tx.execute(dispatches.delete().where(dispatches.c.id < WAITING))
        tx.execute(queue.delete().where(queue.c.id >= WAITING))
        tx.execute(queue.update().values(state="pending"))
    for revision in reversed(schema.revisions()[:-1]):
        if revision >= FIRST_LANDED:
            schema.downgrade(database, revision)
    assert schema.current_revision(database) == FIRST_LANDED
    known = set(inspect(database.engine).get_table_names())
    schema.upgrade(database)
    with database.read() as tx:
        rows = {each.name: count_rows(tx, each) for each in metadata.sorted_tables}
    assert (rows.pop("queue"), rows.pop("dispatches")) == (int(WAITING), ROWS - int(WAITING))
    assert {"events", "users", "identities", "sessions", "connections", "openids"} <= known
    assert {name: count for name, count in rows.items() if name in known and count != ROWS} == {}
