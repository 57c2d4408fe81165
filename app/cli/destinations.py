"""`flask destinations`: where events are forwarded to, what keeps them from it, and resuming."""

from __future__ import annotations

import click

from app.core.errors import CallgateError
from app.pipeline.operators.destinations import list_destinations, resume_destination
from app.pipeline.services import Services


def destinations_group(services: Services) -> click.Group:
    """Return `flask destinations`."""

    @click.group("destinations")
    def group() -> None:
        """Forwarding of events."""

    @group.command("list")
    def list_all() -> None:
        """Show every destination: open, breaker or paused, why, and how many events wait for it."""
        items = list_destinations(services)
        for item in items:
            click.echo(
                f"{item.name:<20}{item.status:<9}{item.waiting:>7} waiting  {' '.join(item.match)} -> {item.url}"
            )
            if item.reason:
                since = f"since {item.since:%Y-%m-%d %H:%M:%S} UTC: " if item.since is not None else ""
                click.echo(f"{'':<20}{since}{item.reason}")
        if not items:
            click.echo("No destination is configured; see [[destinations]] in the channels file.")

    @group.command("resume")
    @click.argument("name")
    def resume(name: str) -> None:
        """Let forwarding to a paused destination go on; what waits is due at once."""
        try:
            released = resume_destination(services, name)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{name} is resumed; {released} waiting deliveries are due now.")

    return group
