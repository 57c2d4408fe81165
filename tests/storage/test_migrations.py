"""Migrations: one history, up and down, on every database; and it makes exactly the tables the code describes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from app.storage.database import schema
from app.storage.database.db import Database
from app.storage.tables import metadata
from tests.builders import signed_callback
from tests.live import ROOT, LiveGateway


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


def test_the_files_are_numbered_in_the_order_that_alembic_follows() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    followed = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert schema.revisions() == followed[::-1]


def test_migrations_make_what_the_code_describes(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = compare_metadata(context, metadata)
    assert differences == []


def test_every_file_with_a_table_is_imported_with_the_tables() -> None:
    """Otherwise `metadata` is complete only where somebody else imported the rest."""
    folder = ROOT / "app/storage"
    with_tables = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if " = Table(" in path.read_text(encoding="utf-8")
    }
    imported = {
        f"{node.module}.{name.name}"
        for node in ast.walk(ast.parse((folder / "tables.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert len(with_tables) > 10
    assert with_tables - imported == set()


def test_no_migration_rebuilds_a_table_that_others_refer_to() -> None:
    """On SQLite `batch_alter_table` deletes the old table, and with it every row that refers to its rows."""
    referred_to = {key.column.table.name for each in metadata.sorted_tables for key in each.foreign_keys}
    rebuilt = {
        f"{path.name}: {name}"
        for path in (schema.MIGRATIONS / "versions").glob("*.py")
        for name in re.findall(r'batch_alter_table\("(\w+)"', path.read_text(encoding="utf-8"))
        if name in referred_to
    }
    assert "users" in referred_to
    assert rebuilt == set()


def test_the_command_brings_a_new_database_to_the_newest_tables(tmp_path: Path) -> None:
    gateway = LiveGateway(tmp_path)
    done = gateway.flask("db", "upgrade")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"at {schema.newest_revision()}" in done.stdout
    assert gateway.flask("db", "current").returncode == 0


def test_going_back_before_sealed_evidence_keeps_events_and_their_dispatches(
    database: Database, services: Services
) -> None:
    services.router.on("callback", name="note")(lambda event, context: None)
    receive(services, "callback", signed_callback(), trace_id="")
    schema.downgrade(database, "0009")
    with database.read() as tx:
        counts = [
            tx.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() for name in ("events", "dispatches")
        ]
    schema.upgrade(database)
    assert counts == [1, 1]
