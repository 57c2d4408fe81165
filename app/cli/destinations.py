"""`flask destinations`: where events are forwarded to, what keeps them from it; pausing, resuming and testing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from app.cli.lists import Wish, list_options, print_list
from app.core.errors import CallgateError
from app.core.moments import iso_moment
from app.pipeline.operators.destinations import (
    destination_json,
    list_destinations,
    pause_destination,
    resume_destination,
    try_destination,
)
from app.pipeline.services import Services

T = TypeVar("T")
ACTOR = "terminal"
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
        items = [destination_json(item) for item in list_destinations(services)]
        print_list(items, wish, line=_lines, nothing=NONE, time="since")

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


def _lines(item: dict[str, Any]) -> str:
    line = f"{item['name']:<20}{item['state']:<9}{item['waiting']:>7} waiting  {' '.join(item['match'])} -> {item['url']}"
    since = f"since {iso_moment(item['since']):%Y-%m-%d %H:%M:%S} UTC: " if item["since"] else ""
    return f"{line}\n{'':<20}{since}{item['reason']}" if item["reason"] else line


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except CallgateError as error:
        raise click.ClickException(error.message) from None
