"""`flask db`: migrations up and down, the whole gateway to another database, backup and restore."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.cli.database_backup import backup_command, restore_command
from app.cli.database_copy import copy_command
from app.core.errors import StoreUnavailable
from app.pipeline.services import Services
from app.storage.database import schema


@contextmanager
def _reached() -> Iterator[None]:
    """End with a sentence when the database is away."""
    try:
        yield
    except StoreUnavailable:
        raise click.ClickException(
            "The database cannot be reached: look at DATABASE_URL, at user and password, and whether its server runs."
        ) from None


def database_group(services: Services) -> click.Group:
    """Return `flask db`."""

    @click.group("db")
    def group() -> None:
        """Migrations, moving, backup."""

    @group.command("upgrade")
    @click.argument("revision", default="head")
    def upgrade(revision: str) -> None:
        """Bring the tables up to a revision (default: the newest)."""
        with _reached():
            if schema.is_being_filled(schema.current_revision(services.database)):
                raise click.ClickException(schema.UNFINISHED)
            click.echo("Changing the tables; a large database takes minutes. Do not stop it.", err=True)
            schema.upgrade(services.database, revision)
            click.echo(f"The database is at {schema.current_revision(services.database)}.")

    @group.command("downgrade")
    @click.argument("revision", default="-1")
    def downgrade(revision: str) -> None:
        """Take the tables down to a revision (default: one step; base: none are left)."""
        with _reached():
            schema.downgrade(services.database, revision)
            click.echo(f"The database is at {schema.current_revision(services.database) or 'base'}.")

    @group.command("current")
    def current() -> None:
        """Show where the tables are and what the code expects."""
        with _reached():
            now, newest = schema.current_revision(services.database), schema.newest_revision()
        click.echo(f"database {now or 'empty'}, code {newest}")
        if now != newest:
            raise SystemExit(1)

    for make in (copy_command, backup_command, restore_command):
        group.add_command(make(services))
    return group
