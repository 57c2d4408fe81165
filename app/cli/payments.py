"""`flask payments`: orders whose payment is waited for, and how they stand."""

from __future__ import annotations

import json

import click

from app.core.errors import CallgateError
from app.pipeline.payments.expect import expect_payment, list_payments_page
from app.pipeline.services import Services

MOST = 200
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
    @click.option("--json", "as_json", is_flag=True, help="One JSON list.")
    def list_all(channel: str | None, state: str | None, as_json: bool) -> None:
        """Show expected orders, 200 at most."""
        items = list_payments_page(services, channel=channel, state=state, after=None, limit=MOST)
        if as_json:
            click.echo(json.dumps(items, indent=2))
            return
        for item in items:
            words = (
                f"{item['channel']:<20}{item['order']:<34}{item['state']:<12}by {item['by']}",
                item["last_error"],
            )
            click.echo("  ".join(word for word in words if word))
        if not items:
            click.echo(
                "No payment is expected. Ask for one with: flask payments expect CHANNEL ORDER --by 900"
            )


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
