"""`flask db`: migrations up and down."""

from __future__ import annotations

import click

from app.pipeline.services import Services
from app.storage.database import schema


def database_group(services: Services) -> click.Group:
    """Return `flask db`."""

    @click.group("db")
    def group() -> None:
        """Migrations."""

    @group.command("upgrade")
    @click.argument("revision", default="head")
    def upgrade(revision: str) -> None:
        """Bring the tables up to a revision (default: the newest)."""
        click.echo("Changing the tables; a large database takes minutes. Do not stop it.", err=True)
        schema.upgrade(services.database, revision)
        click.echo(f"The database is at {schema.current_revision(services.database)}.")

    @group.command("downgrade")
    @click.argument("revision", default="-1")
    def downgrade(revision: str) -> None:
        """Take the tables down to a revision (default: one step; base: none are left)."""
        schema.downgrade(services.database, revision)
        click.echo(f"The database is at {schema.current_revision(services.database) or 'base'}.")

    @group.command("current")
    def current() -> None:
        """Show where the tables are and what the code expects."""
        now, newest = schema.current_revision(services.database), schema.newest_revision()
        click.echo(f"database {now or 'empty'}, code {newest}")
        if now != newest:
            raise SystemExit(1)

    return group
