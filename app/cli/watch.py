"""`flask watch`: the alarms that are on, and a message that shows where the watch speaks."""

from __future__ import annotations

from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.core.errors import CallgateError
from app.core.visible import visible_line
from app.pipeline.operators.alarms import current_alarms, send_test_message
from app.pipeline.operators.messages import show_message, wait_for_end
from app.pipeline.services import Services

WAIT_SECONDS = 20.0
"""Longer than a running gateway takes to see a message that another process stored."""


def watch_group(services: Services) -> click.Group:
    """Return `flask watch`."""

    @click.group("watch")
    def group() -> None:
        """What needs a person."""

    _add_list(group, services)
    _add_test(group, services)
    return group


def _add_list(group: click.Group, services: Services) -> None:
    @group.command("list")
    @list_options(limit=1000, time="begun")
    def list_all(*, wish: Wish) -> None:
        """Show every alarm that is on, since when, and where something can be done about it."""
        print_list(current_alarms(services), wish, line=_lines, nothing="No alarm is on.", time="began_at")


def _lines(item: dict[str, Any]) -> str:
    details = (f"  {visible_line(sentence)}" for sentence in item["details"])
    return "\n".join([f"{item['began_at']}  {visible_line(item['sentence'])}", *details, f"  {item['link']}"])


def _add_test(group: click.Group, services: Services) -> None:
    @group.command("test")
    def test() -> None:
        """Send a message where the watch speaks, and wait for what becomes of it. Exit 1 when nobody was reached."""
        try:
            message_id = send_test_message(services)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        if not wait_for_end(services, message_id, seconds=WAIT_SECONDS):
            click.echo(f"{message_id} is stored and goes out as soon as a gateway runs.")
            return
        message = show_message(services, message_id)
        for each in message["channels"]:
            click.echo(
                f"{each['channel']:<20}{each['state']:<9}{visible_line(each['message'] or '')}".rstrip()
            )
        if message["state"] in ("failed", "dead"):
            raise click.exceptions.Exit(1)
