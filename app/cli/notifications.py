"""`flask notifications`: which there are, what one would say about an event, and a test message."""

from __future__ import annotations

import json
from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.core.errors import CallgateError
from app.core.visible import visible, visible_line
from app.pipeline.operators.notifications import list_notifications, preview_notification, send_test
from app.pipeline.services import Services
from app.telemetry.logging import only_warnings

ACTOR = "terminal"
NONE = "No notifications. docs/notifications.md says how to write one."
QUESTIONS = {"matches": "is_matched", "condition holds": "is_meant", "quiet now": "is_quiet"}


def notifications_group(services: Services) -> click.Group:
    """Return `flask notifications`."""

    @click.group("notifications")
    def group() -> None:
        """Notifications: events that become messages."""

    _add_looks(group, services)

    @group.command("test")
    @click.argument("name")
    @click.option("--event", help="A stored event's id; without it a made-up one that says nothing.")
    def test(name: str, event: str | None) -> None:
        """Send what a notification says, whatever its conditions are; a gateway must be running."""
        accepted = _asked(lambda: send_test(services, name, event, actor=ACTOR))
        click.echo(f"{accepted.id} is on its way; flask messages show {accepted.id} says what became of it.")

    return group


def _add_looks(group: click.Group, services: Services) -> None:
    @group.command("list")
    @list_options(limit=1000, time=None)
    def list_all(*, wish: Wish) -> None:
        """List notifications with what became of their events in the last 24 hours."""
        items = _asked(lambda: list_notifications(services))
        print_list(items, wish, line=_line, nothing=NONE)

    @group.command("preview")
    @click.argument("name")
    @click.option("--event", help="A stored event's id; without it a made-up one that says nothing.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def preview(name: str, event: str | None, as_json: bool) -> None:
        """Show what a notification would say; nothing is sent."""
        shown = _asked(lambda: preview_notification(services, name, event))
        _print_json(shown) if as_json else _print_preview(shown)


def _line(item: dict[str, Any]) -> str:
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(item["last_day"].items()))
    matches, channels = ", ".join(item["match"]), ", ".join(item["channels"])
    return visible_line(f"{item['name']:<20}{matches} -> {channels}  {counts}".rstrip())


def _print_preview(shown: dict[str, Any]) -> None:
    for question, answer in QUESTIONS.items():
        click.echo(f"{question}: {'yes' if shown[answer] else 'no'}")
    click.echo(f"\n{visible_line(shown['title'])}\n\n{visible(shown['text'])}\n")
    for channel in shown["channels"]:
        for number, part in enumerate(channel["parts"], start=1):
            click.echo(f"{channel['channel']}, part {number}: {visible_line(part)}")


def _asked(question: Any) -> Any:
    try:
        with only_warnings():
            return question()
    except CallgateError as error:
        raise click.ClickException(error.message) from None


def _print_json(value: Any) -> None:
    click.echo(visible(json.dumps(value, indent=2, ensure_ascii=False)))
