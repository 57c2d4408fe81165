"""`flask bans`: addresses that are kept out because too many of their requests were refused, and letting one in again."""

from __future__ import annotations

from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.core.errors import CallgateError
from app.core.moments import iso_moment
from app.pipeline.operators.bans import ban_view, current_bans, lift_ban
from app.pipeline.services import Services
from app.security.bans import RENEW_SECONDS

ACTOR = "terminal"


def bans_group(services: Services) -> click.Group:
    """Return `flask bans`."""

    @click.group("bans")
    def group() -> None:
        """Addresses that are kept out for a while."""

    @group.command("list")
    @list_options(limit=1000, time="banned")
    def list_all(*, wish: Wish) -> None:
        """Show every banned address, until when, why, and how often it was banned."""
        items = [ban_view(item) for item in current_bans(services)]
        print_list(items, wish, line=_line, nothing="No address is banned.", time="began_at")

    @group.command("lift")
    @click.argument("address")
    def lift(address: str) -> None:
        """Let an address in again (of IPv6 its whole /64) and forget its earlier bans."""
        try:
            lifted = lift_ban(services, address, actor=ACTOR)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{lifted} is let in again, by every process within {RENEW_SECONDS:.0f} seconds.")

    return group


def _line(item: dict[str, Any]) -> str:
    ends_at = f"{iso_moment(item['ends_at']):%Y-%m-%d %H:%M:%S} UTC"
    return f"{item['address']:<40}until {ends_at}  {item['reason']}, ban {item['times']}"
