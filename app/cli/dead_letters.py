"""`flask dead-letters`: what failed for good, why, and running it again."""

from __future__ import annotations

from typing import Any

import click

from app.cli.event_text import event_text
from app.cli.lists import Wish, list_options, print_list
from app.cli.replay import replay_options, run_replay
from app.core.errors import CallgateError
from app.core.states import EventState
from app.core.visible import visible_line
from app.pipeline.operators.dead_letters import list_dead_letters_page
from app.pipeline.operators.events import event_detail
from app.pipeline.services import Services


def dead_letters_group(services: Services) -> click.Group:
    """Return `flask dead-letters`."""

    @click.group("dead-letters")
    def group() -> None:
        """Events that failed for good."""

    @group.command("list")
    @click.option("--channel", help="Only this channel.")
    @click.option("--type", help="Only this type; * stands for anything.")
    @list_options(limit=20, time="received")
    def list_dead_letters(*, wish: Wish, **wanted: str | None) -> None:
        """List dead letters, newest first, each with its last error."""
        wanted["since"] = wish.since_text
        given = {name: value for name, value in wanted.items() if value}
        try:
            page = list_dead_letters_page(services, given, cursor=None, limit=wish.limit)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        print_list(page["items"], wish, line=_lines, nothing="No dead letters.")

    @group.command("show")
    @click.argument("event_id")
    def show(event_id: str) -> None:
        """Show one dead letter with its evidence, dispatches and attempts."""
        detail = event_detail(services, event_id)
        if detail is None or detail["state"] != EventState.DEAD.value:
            raise click.ClickException(f"There is no dead letter {event_id}.")
        click.echo(event_text(detail))

    _add_replay(group, services)
    return group


def _add_replay(group: click.Group, services: Services) -> None:
    @group.command("replay")
    @replay_options
    def replay(**given: Any) -> None:
        """Run dead letters again: one by its id, or those that the filters find."""
        run_replay(services, {"dispatches": "dead"} | given)


def _lines(item: dict[str, Any]) -> str:
    failures = (
        f"    {failure['route']}: dead since {failure['since']} after {failure['attempts']} attempts: "
        f"{visible_line(failure['error'] or 'no error was recorded')}"
        for failure in item["failures"]
    )
    return "\n".join([f"{item['received_at']}  {item['id']}  {item['channel']}  {item['type']}", *failures])
