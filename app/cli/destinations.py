"""`flask destinations`: where events are forwarded to, what keeps them from it, and resuming."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.core.errors import CallgateError
from app.core.moments import as_text, iso_moment
from app.pipeline.operators.destinations import list_destinations, resume_destination
from app.pipeline.services import Services

NONE = "No destination is configured; see [[destinations]] in the channels file."


def destinations_group(services: Services) -> click.Group:
    """Return `flask destinations`."""

    @click.group("destinations")
    def group() -> None:
        """Forwarding of events."""

    @group.command("list")
    @list_options(limit=1000, time="in its state")
    def list_all(*, wish: Wish) -> None:
        """Show every destination: open, breaker or paused, why, and how many events wait for it."""
        items = [{**asdict(item), "since": as_text(item.since)} for item in list_destinations(services)]
        print_list(items, wish, line=_lines, nothing=NONE, time="since")

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


def _lines(item: dict[str, Any]) -> str:
    line = f"{item['name']:<20}{item['status']:<9}{item['waiting']:>7} waiting  {' '.join(item['match'])} -> {item['url']}"
    since = f"since {iso_moment(item['since']):%Y-%m-%d %H:%M:%S} UTC: " if item["since"] else ""
    return f"{line}\n{'':<20}{since}{item['reason']}" if item["reason"] else line
