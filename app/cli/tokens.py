"""`flask tokens`: the health of app tokens; their values are never shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.core.errors import CallgateError
from app.pipeline.operators.accounts import accounts_view
from app.pipeline.operators.bindings import tokens_view
from app.pipeline.services import Services
from app.pipeline.tokens.account_tokens import refresh_account_token
from app.pipeline.tokens.app_tokens import refresh_app_token
from app.pipeline.tokens.authorisation_links import make_link


@contextmanager
def _told() -> Iterator[None]:
    """Tell an error of ours as a sentence."""
    try:
        yield
    except CallgateError as error:
        raise click.ClickException(error.message) from None


def _add_account_commands(group: click.Group, services: Services) -> None:
    @group.command("accounts")
    @click.argument("channel")
    def accounts(channel: str) -> None:
        """Show the accounts that authorise a channel, or did so."""
        with _told():
            items = accounts_view(services, channel)
        for item in items:
            ends = item["ended_at"] or item["expires_at"] or "-"
            about = f"{item['title'] or ''}  {item['last_error'] or ''}"
            click.echo(f"{item['account']:<24}{item['state']:<10}ends {ends}  {about}".rstrip())
        if not items:
            click.echo("No account has authorised this channel.")

    @group.command("authorise")
    @click.argument("channel")
    @click.option(
        "--days", type=click.IntRange(1, 30), default=7, show_default=True, help="How long the link works."
    )
    def authorise(channel: str, days: int) -> None:
        """Print a link for the owner of an account, who authorises this channel with it."""
        with _told():
            link = make_link(services, channel, timedelta(days=days))
        click.echo(link.url)


def _lines(item: dict[str, Any]) -> str:
    ends = item.get("expires_at") or "-"
    line = f"{item['channel']:<20}{item['state']:<17}ends {ends}  {item.get('last_error') or ''}".rstrip()
    if item["refused_since"] is None:
        return line
    return (
        f"{line}\n{'':<20}refused since {item['refused_since']}, a fresh token too; next forced refresh at "
        f"{item['next_forced_refresh_at']}"
    )


def tokens_group(services: Services) -> click.Group:
    """Return `flask tokens`."""

    @click.group("tokens")
    def group() -> None:
        """App tokens, and accounts that authorise a channel."""

    @group.command("list")
    @list_options(limit=1000, time="fetched")
    def list_tokens(*, wish: Wish) -> None:
        """Show every app token's state, end and last error."""
        items = tokens_view(services)
        print_list(items, wish, line=_lines, nothing="No channel has an app token.", time="fetched_at")

    @group.command("refresh")
    @click.argument("channel")
    @click.argument("account", required=False)
    def refresh(channel: str, account: str | None) -> None:
        """Fetch a new app token for a channel now, or the token of one account that authorises it."""
        with _told():
            if account is None:
                refresh_app_token(services, channel)
            else:
                refresh_account_token(services, channel, account)
        click.echo(f"{account or channel} has a fresh {'app token' if account is None else 'token'}.")

    _add_account_commands(group, services)

    return group
