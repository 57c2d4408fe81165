"""`flask destinations`: where events are forwarded to, what keeps them from it; pausing, resuming and testing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

import click

from app.core.errors import CallgateError
from app.pipeline.operators.destinations import (
    DestinationView,
    destination_json,
    list_destinations,
    pause_destination,
    resume_destination,
    try_destination,
)
from app.pipeline.services import Services

T = TypeVar("T")
ACTOR = "terminal"


def destinations_group(services: Services) -> click.Group:
    """Return `flask destinations`."""

    @click.group("destinations")
    def group() -> None:
        """Forwarding of events."""

    @group.command("list")
    @click.option("--json", "as_json", is_flag=True, help="One JSON list.")
    def list_all(as_json: bool) -> None:
        """Show every destination: open, breaker or paused, why, and how many events wait for it."""
        items = list_destinations(services)
        if as_json:
            click.echo(json.dumps([destination_json(item) for item in items], indent=2, ensure_ascii=False))
            return
        for item in items:
            _show(item)
        if not items:
            click.echo("No destination is configured; see [[destinations]] in the channels file.")

    _add_changes(group, services)
    return group


def _add_changes(group: click.Group, services: Services) -> None:
    @group.command("resume")
    @click.argument("name")
    def resume(name: str) -> None:
        """Let forwarding to a paused destination go on; what waits is due at once."""
        released = _asked(lambda: resume_destination(services, name, actor=ACTOR))
        click.echo(f"{name} is resumed; {released} waiting deliveries are due now.")

    @group.command("pause")
    @click.argument("name")
    @click.option("--reason", required=True, help="Why; shown in the list and kept in the audit.")
    def pause(name: str, reason: str) -> None:
        """Forward nothing more to a destination until it is resumed; what comes waits."""
        _asked(lambda: pause_destination(services, name, reason=reason, actor=ACTOR))
        click.echo(f"{name} is paused; `flask destinations resume {name}` lets it go on.")

    @group.command("test")
    @click.argument("name")
    def test(name: str) -> None:
        """Send a destination one signed event of the type callgate.test now; exit 1 when it is not taken."""
        said = _asked(lambda: try_destination(services, name, actor=ACTOR))
        if not said["taken"]:
            raise click.ClickException(said["error"] or f"{name} answered {said['status']}.")
        click.echo(f"{name} answered {said['status']} after {said['duration_ms']} ms.")


def _show(item: DestinationView) -> None:
    click.echo(
        f"{item.name:<20}{item.status:<9}{item.waiting:>7} waiting  {' '.join(item.match)} -> {item.url}"
    )
    if item.reason:
        since = f"since {item.since:%Y-%m-%d %H:%M:%S} UTC: " if item.since is not None else ""
        click.echo(f"{'':<20}{since}{item.reason}")


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except CallgateError as error:
        raise click.ClickException(error.message) from None
