"""`flask bans`: addresses that are kept out because too many of their requests were refused, and letting one in again."""

from __future__ import annotations

import json

import click

from app.core.errors import CallgateError
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
    @click.option("--json", "as_json", is_flag=True, help="One JSON list.")
    def list_all(as_json: bool) -> None:
        """Show every banned address, until when, why, and how often it was banned."""
        items = current_bans(services)
        if as_json:
            click.echo(json.dumps([ban_view(item) for item in items], indent=2))
            return
        for item in items:
            click.echo(
                f"{item.address:<40}until {item.ends_at:%Y-%m-%d %H:%M:%S} UTC  {item.reason}, ban {item.times}"
            )
        if not items:
            click.echo("No address is banned.")

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
