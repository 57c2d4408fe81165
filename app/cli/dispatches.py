"""`flask dispatches`: events on their way to handlers, destinations and channels."""

from __future__ import annotations

from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
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
    @list_options(limit=20, time="made")
    def list_all(*, wish: Wish, **wanted: str | None) -> None:
        """List dispatches, newest first."""
        wanted["since"] = wish.since_text
        given = {name: value for name, value in wanted.items() if value}
        try:
            page = list_dispatches_page(services, given, cursor=None, limit=wish.limit)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        print_list(page["items"], wish, line=_line, nothing="No dispatches.")
        if page["partial"]:
            click.echo(f"Looked back to {page['searched_back_to']}; older ones are not shown.", err=True)

    return group


def _line(each: dict[str, Any]) -> str:
    return (
        f"{each['created_at']}  {each['event_id']}  {each['state']:<10}{each['attempts']:>3} tries  "
        f"{each['route']}  {each['channel']}  {each['type']}"
    )
