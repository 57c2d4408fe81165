"""`flask db backup` and `flask db restore`."""

from __future__ import annotations

from pathlib import Path

import click

from app.core.errors import CallgateError
from app.pipeline.services import Services
from app.pipeline.upkeep.backup import back_up_database, restore_database, version_after_restore


def backup_command(services: Services) -> click.Command:
    """Return `flask db backup`."""

    @click.command("backup")
    @click.argument("file", type=click.Path(path_type=Path))
    def backup(file: Path) -> None:
        """Write an SQLite database into FILE while the gateway serves.

        For PostgreSQL and MariaDB it says what to type. SECRET_KEY is in no backup: keep .env and channels.toml as well.
        """
        try:
            size = back_up_database(services, file)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{file} holds the whole database, {size} bytes. Keep .env and channels.toml as well.")

    return backup


def restore_command(services: Services) -> click.Command:
    """Return `flask db restore`."""

    @click.command("restore")
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--yes", is_flag=True, help="Ask nothing.")
    def restore(file: Path, yes: bool) -> None:
        """Put a backup where the SQLite database is; what was there is kept beside it.

        Stop every gateway and worker before. For PostgreSQL and MariaDB it says what to type.
        """
        if not yes:
            click.confirm("What came since the backup will be gone from the gateway. Go on?", abort=True)
        try:
            kept = restore_database(services, file)
            fault = version_after_restore(services)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        for place in kept:
            click.echo(f"What was there is now {place}")
        click.echo(f"{file} is restored. {fault or 'Start the gateway.'}")

    return restore
