"""Migrations: one history, up and down, on every database; and it makes exactly the tables the code describes."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from app.storage.database import schema
from app.storage.database.db import Database
from app.storage.tables import metadata


def test_migrations_go_down_to_nothing_and_up_again(database: Database) -> None:
    schema.downgrade(database, "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    assert schema.current_revision(database) is None
    schema.upgrade(database)
    assert schema.current_revision(database) == schema.newest_revision()
    assert set(metadata.tables) <= set(inspect(database.engine).get_table_names())


def test_migrations_go_down_and_up_one_step_at_a_time(database: Database) -> None:
    steps = 0
    while schema.current_revision(database) is not None:
        schema.downgrade(database, "-1")
        steps += 1
    assert steps >= 3
    for _ in range(steps):
        schema.upgrade(database, "+1")
    assert schema.current_revision(database) == schema.newest_revision()


def test_migrations_make_what_the_code_describes(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = compare_metadata(context, metadata)
    assert differences == []
