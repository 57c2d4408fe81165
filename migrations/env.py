"""Alembic's environment: the connection comes from app/cli/db.py or a test, never from a file."""

from __future__ import annotations

from alembic import context

from app.storage import tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()
