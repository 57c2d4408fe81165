"""`flask dispatches`: events on their way to handlers, destinations and channels."""

from __future__ import annotations

import json

import click

from app.core.errors import CallgateError
from app.pipeline.operators.dispatches import list_dispatches_page
from app.pipeline.services import Services


def dispatches_group(services: Services) -> click.Group:
    """Return `flask dispatches`."""

    @click.group("dispatches")
    def group() -> None:
        """Events on their way."""

    @group.command("list")
    @click.option("--state", help="Only this state: pending, running, retrying, succeeded or dead.")
    @click.option("--route", help="Only this route.")
    @click.option("--channel", help="Only this channel.")
    @click.option("--since", help="Only those made at this time or later.")
    @click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def list_all(limit: int, as_json: bool, **wanted: str | None) -> None:
        """List dispatches, newest first."""
        given = {name: value for name, value in wanted.items() if value}
        try:
            page = list_dispatches_page(services, given, cursor=None, limit=limit)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        if as_json:
            click.echo(json.dumps(page["items"], indent=2, ensure_ascii=False))
            return
        for each in page["items"]:
            click.echo(
                f"{each['created_at']}  {each['event_id']}  {each['state']:<10}{each['attempts']:>3} tries  "
                f"{each['route']}  {each['channel']}  {each['type']}"
            )
        if not page["items"]:
            click.echo("No dispatches.")
        if page["partial"]:
            click.echo(f"Looked back to {page['searched_back_to']}; older ones are not shown.", err=True)

    return group
