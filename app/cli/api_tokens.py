"""`flask api-tokens`: tokens of the database, made, listed and revoked. A token's text is shown once, when it is made."""

from __future__ import annotations

from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.core.errors import CallgateError
from app.core.moments import as_text
from app.pipeline.api_tokens import NewToken, create_api_token, end_api_token, stored_api_tokens, token_view
from app.pipeline.services import Services

ACTOR = "terminal"


def api_tokens_group(services: Services) -> click.Group:
    """Return `flask api-tokens`."""

    @click.group("api-tokens")
    def group() -> None:
        """API tokens that are kept in the database."""

    _add_create(group, services)
    _add_others(group, services)
    return group


def _add_create(group: click.Group, services: Services) -> None:
    @group.command("create")
    @click.argument("name")
    @click.option("--scope", "scopes", multiple=True, required=True, help="What it may do; may be repeated.")
    @click.option(
        "--channel", "channels", multiple=True, help="The only channels it may use; may be repeated."
    )
    @click.option(
        "--path",
        "paths",
        multiple=True,
        help="What it may relay, such as '/cgi-bin/user/*'; may be repeated.",
    )
    @click.option("--rate", default="", help="How often, such as '600 per minute'.")
    @click.option("--days", type=click.IntRange(1, 3650), help="When it ends by itself; never unless given.")
    def create(  # noqa: PLR0917 - one for each option
        name: str,
        scopes: tuple[str, ...],
        channels: tuple[str, ...],
        paths: tuple[str, ...],
        rate: str,
        days: int | None,
    ) -> None:
        """Make a token and print its text, which is shown this once."""
        new = NewToken(name, scopes, channels, paths, rate, days)
        try:
            token, text = create_api_token(services, new, actor=ACTOR)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(text)
        ends = "" if token.expires_at is None else f"; it ends on {as_text(token.expires_at)}"
        click.echo(f"{token.name} is kept as {token.id}; the line above is not shown again{ends}.", err=True)


def _add_others(group: click.Group, services: Services) -> None:
    @group.command("list")
    @list_options(limit=200, time="made")
    def list_all(*, wish: Wish) -> None:
        """Show the tokens, newest first: what each may do, when it was used last, when it ends."""
        found = [token_view(services, token) for token in stored_api_tokens(services, limit=wish.limit)]
        print_list(found, wish, line=_line, nothing="No API token is kept here.", time="created_at")

    @group.command("revoke")
    @click.argument("token")
    def revoke(token: str) -> None:
        """End a token, given by its id, its shown start or its name; relay tokens that it got end with it."""
        try:
            ended = end_api_token(services, token, actor=ACTOR)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{ended.name} ({ended.prefix}…) has ended.")


def _line(item: dict[str, Any]) -> str:
    limits = "  ".join([*item["scopes"], *item["channels"], *item["paths"]])
    return (
        f"{item['id']}  {item['name']:<16}{item['prefix']}…  {item['state']:<9}"
        f"used {item['last_used_at'] or '-'}  ends {item['expires_at'] or '-'}  {limits}"
    )
