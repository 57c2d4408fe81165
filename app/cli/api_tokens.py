"""`flask api-tokens`: tokens of the database, made, listed and revoked. A token's text is shown once, when it is made."""

from __future__ import annotations

import json

import click

from app.core.errors import CallgateError
from app.core.moments import as_text
from app.pipeline.api_tokens import NewToken, create_api_token, end_api_token, stored_api_tokens
from app.pipeline.operators.api_tokens import stored_token_view
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
    @click.option(
        "--limit",
        type=click.IntRange(1, 10_000),
        default=200,
        show_default=True,
        help="How many, newest first.",
    )
    @click.option("--json", "as_json", is_flag=True, help="As JSON.")
    def list_all(limit: int, *, as_json: bool) -> None:
        """Show the tokens: what each may do, when it was used last, when it ends."""
        found = [stored_token_view(services, token) for token in stored_api_tokens(services, limit=limit)]
        if as_json:
            click.echo(json.dumps({"items": found}, ensure_ascii=False))
            return
        for each in found:
            limits = "  ".join([*each["scopes"], *each["channels"], *each["paths"]])
            click.echo(
                f"{each['id']}  {each['name']:<16}{each['prefix']}…  {each['state']:<9}"
                f"used {each['last_used_at'] or '-'}  ends {each['expires_at'] or '-'}  {limits}"
            )
        if not found:
            click.echo("No API token is kept here.")

    @group.command("revoke")
    @click.argument("token")
    def revoke(token: str) -> None:
        """End a token, given by its id, its shown start or its name; relay tokens that it got end with it."""
        try:
            ended = end_api_token(services, token, actor=ACTOR)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{ended.name} ({ended.prefix}…) has ended.")
