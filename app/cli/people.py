"""`flask people`: who has logged in; disabling somebody, and taking an identity away."""

from __future__ import annotations

from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.cli.personal_data import add_personal_data
from app.core.errors import CallgateError
from app.core.moments import as_text
from app.pipeline.operators.people import (
    PersonView,
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
    @click.option("--before", help="Go on behind this identity.")
    @list_options(limit=50, time="first seen")
    def list_all(before: str | None, *, wish: Wish) -> None:
        """Show users and their identities, newest first."""
        items = [_row(each) for each in list_people(services, limit=wish.limit, before=before)]
        print_list(items, wish, line=_line, nothing="Nobody has logged in yet.", time="first_login_at")

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


def _row(each: PersonView) -> dict[str, Any]:
    identity = each.identity
    return {
        "user": identity.user_id,
        "state": "disabled" if each.disabled_at else "enabled",
        "identity": identity.id,
        "channel": identity.channel,
        "subject_kind": identity.known.subject_kind,
        "subject": identity.known.subject,
        "name": identity.known.name,
        "first_login_at": as_text(identity.first_login_at),
        "last_login_at": as_text(identity.last_login_at),
    }


def _line(item: dict[str, Any]) -> str:
    return (
        f"{item['user']}  {item['state']:<9}{item['identity']}  {item['channel']}  "
        f"{item['subject_kind']}={item['subject']}  {item['name'] or '-'}"
    )


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
