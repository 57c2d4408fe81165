"""`flask people`: who has logged in; disabling somebody, and taking an identity away."""

from __future__ import annotations

import click

from app.cli.personal_data import add_personal_data
from app.core.errors import CallgateError
from app.pipeline.operators.people import (
    disable_person,
    enable_person,
    list_people,
    remove_identity,
)
from app.pipeline.services import Services

ACTOR = "terminal"


def people_group(services: Services) -> click.Group:
    """Return `flask people`."""

    @click.group("people")
    def group() -> None:
        """Who has logged in here."""

    @group.command("list")
    @click.option("--limit", default=50, show_default=True, help="How many, newest first.")
    @click.option("--before", help="Go on behind this identity.")
    def list_all(limit: int, before: str | None) -> None:
        """Show users and their identities, newest first."""
        found = list_people(services, limit=limit, before=before)
        for each in found:
            known, state = each.identity.known, "disabled" if each.disabled_at else "enabled"
            click.echo(
                f"{each.identity.user_id}  {state:<9}{each.identity.id}  {each.identity.channel}  "
                f"{known.subject_kind}={known.subject}  {known.name or '-'}"
            )
        if not found:
            click.echo("Nobody has logged in yet.")

    @group.command("disable")
    @click.argument("user")
    def disable(user: str) -> None:
        """End a user's sessions, forget their tokens, and let them log in no more."""
        try:
            ended = disable_person(services, user, actor=ACTOR)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{user} is disabled; {ended} sessions have ended.")

    _add_changes(group, services)
    add_personal_data(group, services)
    return group


def _add_changes(group: click.Group, services: Services) -> None:
    @group.command("enable")
    @click.argument("user")
    def enable(user: str) -> None:
        """Let a disabled user log in again."""
        try:
            enable_person(services, user, actor=ACTOR)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{user} may log in again.")

    @group.command("unlink")
    @click.argument("user")
    @click.argument("identity")
    def unlink(user: str, identity: str) -> None:
        """Take an identity away from a user, with its tokens and sessions."""
        try:
            remove_identity(services, user, identity, actor=ACTOR)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{identity} is gone, and so are its tokens and sessions.")
