"""`flask payments`: orders whose payment is waited for, and how they stand."""

from __future__ import annotations

from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.core.errors import CallgateError
from app.pipeline.payments.expect import expect_payment, list_payments_page
from app.pipeline.services import Services

MOST, ALL = 200, 10_000
NONE = "No payment is expected. Ask for one with: flask payments expect CHANNEL ORDER --by 900"
LONGEST_NUMBER = 10


def payments_group(services: Services) -> click.Group:
    """Return `flask payments`."""

    @click.group("payments")
    def group() -> None:
        """Orders whose payment is waited for."""

    _add_list(group, services)
    _add_expect(group, services)
    return group


def _add_list(group: click.Group, services: Services) -> None:
    @group.command("list")
    @click.option("--channel", help="Only this channel.")
    @click.option(
        "--state",
        type=click.Choice(["waiting", "arrived", "reconciled", "not_paid"]),
        help="Only this state.",
    )
    @list_options(limit=MOST, time="due")
    def list_all(channel: str | None, state: str | None, *, wish: Wish) -> None:
        """Show expected orders."""
        most = wish.limit if wish.since is None else ALL
        items = list_payments_page(services, channel=channel, state=state, after=None, limit=most)
        print_list(items, wish, line=_line, nothing=NONE, time="by")


def _line(item: dict[str, Any]) -> str:
    line = f"{item['channel']:<20}{item['order']:<34}{item['state']:<12}by {item['by']}"
    return f"{line}  {item['last_error']}" if item["last_error"] else line


def _add_expect(group: click.Group, services: Services) -> None:
    @group.command("expect")
    @click.argument("channel")
    @click.argument("order")
    @click.option("--by", required=True, help="Seconds from now, or a time with its zone.")
    def expect(channel: str, order: str, by: str) -> None:
        """Wait for the notice of an order until a time, then ask the platform."""
        is_number = by.isascii() and by.isdigit() and len(by) < LONGEST_NUMBER
        try:
            item = expect_payment(services, channel, order, int(by) if is_number else by)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{item['channel']} {item['order']}: {item['state']}, by {item['by']}")
