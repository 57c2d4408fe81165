"""`flask prune`: retention now, to the end."""

from __future__ import annotations

import click

from app.cli.progress import Progress
from app.core.errors import CallgateError
from app.pipeline.services import Services
from app.pipeline.upkeep.retention import prune_all


def prune_command(services: Services) -> click.Command:
    """Return `flask prune`."""

    @click.command("prune")
    def prune() -> None:
        """Empty and delete what is older than the retention settings say.

        RETENTION_BODY_DAYS and RETENTION_EVENT_DAYS, now and to the end.
        """
        try:
            with Progress("Rows pruned") as progress:
                done = prune_all(services, progress)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{done.bodies} events emptied, {done.events} events deleted.")
        click.echo(f"{done.rejections} rejections and {done.audit_entries} audit entries deleted.")
        click.echo(f"{done.nonces} nonces and {done.followers} followers forgotten.")

    return prune
