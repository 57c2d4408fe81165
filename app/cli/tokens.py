"""`flask tokens`: the health of app tokens; their values are never shown."""

from __future__ import annotations

import click

from app.core.errors import CallgateError
from app.pipeline.operators.bindings import tokens_view
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import refresh_app_token


def tokens_group(services: Services) -> click.Group:
    """Return `flask tokens`."""

    @click.group("tokens")
    def group() -> None:
        """App tokens."""

    @group.command("list")
    def list_tokens() -> None:
        """Show every app token's state, end and last error."""
        items = tokens_view(services)
        for item in items:
            ends = item.get("expires_at") or "-"
            click.echo(
                f"{item['channel']:<20}{item['state']:<17}ends {ends}  {item.get('last_error') or ''}".rstrip()
            )
            if item["refused_since"] is not None:
                click.echo(
                    f"{'':<20}refused since {item['refused_since']}, a fresh token too; next forced refresh at "
                    f"{item['next_forced_refresh_at']}"
                )
        if not items:
            click.echo("No channel has an app token.")

    @group.command("refresh")
    @click.argument("channel")
    def refresh(channel: str) -> None:
        """Fetch a new app token for a channel now."""
        try:
            refresh_app_token(services, channel)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{channel} has a fresh app token.")

    return group
