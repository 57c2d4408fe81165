"""`flask events`: what arrived, from a terminal."""

from __future__ import annotations

from typing import Any

import click

from app.cli.event_text import event_text
from app.cli.lists import Wish, list_options, print_list
from app.cli.replay import replay_options, run_replay
from app.core.errors import CallgateError
from app.pipeline.operators.as_curl import curl_of_event
from app.pipeline.operators.confirmation import confirm_event
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services

ACTOR = "terminal"


def events_group(services: Services) -> click.Group:
    """Return `flask events`."""

    @click.group("events")
    def group() -> None:
        """Stored events."""

    @group.command("list")
    @click.option("--channel", help="Only this channel.")
    @click.option("--type", "event_type", help="Only this type; * stands for anything.")
    @click.option("--state", help="Only this state.")
    @list_options(limit=20, time="received")
    def list_events(channel: str | None, event_type: str | None, state: str | None, *, wish: Wish) -> None:
        """List events, newest first."""
        wanted = {"channel": channel, "type": event_type, "state": state, "since": wish.since_text}
        given = {name: value for name, value in wanted.items() if value}
        try:
            page = list_events_page(services, given, cursor=None, limit=wish.limit)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        print_list(page["items"], wish, line=_line, nothing="No events.")

    _add_show(group, services)
    _add_verify(group, services)
    _add_curl(group, services)
    _add_confirm(group, services)
    _add_replay(group, services)
    return group


def _add_show(group: click.Group, services: Services) -> None:
    @group.command("show")
    @click.argument("event_id")
    def show(event_id: str) -> None:
        """Show one event with its dispatches and attempts."""
        detail = event_detail(services, event_id)
        if detail is None:
            raise click.ClickException(f"There is no event {event_id}.")
        click.echo(event_text(detail))


def _line(item: dict[str, Any]) -> str:
    return f"{item['received_at']}  {item['id']}  {item['state']:<10}  {item['channel']}  {item['type']}"


def _add_verify(group: click.Group, services: Services) -> None:
    @group.command("verify")
    @click.argument("event_id")
    def verify(event_id: str) -> None:
        """Prove one event again, with its evidence as it came and today's keys; exit 1 when it is not proven."""
        try:
            said = verify_event(services, event_id)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        if not said["verified"]:
            raise click.ClickException(f"{event_id} is not proven: {said['reason']}")
        click.echo(f"{event_id} is proven by {said['scheme']} ({said['evidence']} evidence).")


def _add_curl(group: click.Group, services: Services) -> None:
    @group.command("curl")
    @click.argument("event_id")
    def curl(event_id: str) -> None:
        """Print one event as a command for curl, without credentials."""
        try:
            said = curl_of_event(services, event_id)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(said["curl"])
        if said["left_out"]:
            click.echo(f"Left out, because they hold credentials: {', '.join(said['left_out'])}.", err=True)


def _add_confirm(group: click.Group, services: Services) -> None:
    @group.command("confirm")
    @click.argument("event_id")
    def confirm(event_id: str) -> None:
        """Confirm what one event asks for, such as a subscription of AWS SNS: one call to the platform."""
        try:
            status = confirm_event(services, event_id, actor=ACTOR)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{event_id} is confirmed; the platform answered {status}.")


def _add_replay(group: click.Group, services: Services) -> None:
    @group.command("replay")
    @click.option("--state", help="Only this state; dead unless given.")
    @replay_options
    def replay(**given: Any) -> None:
        """Run stored events again: one by its id, or those that the filters find."""
        run_replay(services, given)
