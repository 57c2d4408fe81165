"""`flask users`: the people of the console, their roles and passwords, and the sessions that are open."""

from __future__ import annotations

import json
import secrets
from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.cli.told import told
from app.core.roles import Role
from app.pipeline.operators.console_access import console_sessions_view, end_console_session
from app.pipeline.operators.console_people import (
    add_console_person,
    console_people_view,
    remove_console_person,
    set_console_password,
    set_console_role,
)
from app.pipeline.services import Services

ACTOR = "terminal"
NOBODY = "Nobody yet; `flask users add NAME --role admin` adds the first one."
PASSWORD_BYTES = 18
ROLES = click.Choice([role.value for role in Role])
PASSWORD_FROM = click.option(
    "--ask", is_flag=True, help="Ask for the password instead of making a random one and printing it."
)


def users_group(services: Services) -> click.Group:
    """Return `flask users`."""

    @click.group("users")
    def group() -> None:
        """People who may use the console."""

    @group.command("add")
    @click.argument("name")
    @click.option(
        "--role", type=ROLES, default=Role.VIEWER.value, show_default=True, help="What they may do."
    )
    @PASSWORD_FROM
    def add(name: str, role: str, ask: bool) -> None:
        """Let somebody sign in; the password is printed once."""
        password = _password(ask=ask)
        with told():
            add_console_person(services, name, password, Role(role), actor=ACTOR)
        _tell(name, password, ask=ask, address=services.settings.public_base_url)

    @group.command("list")
    @list_options(limit=1000, time="added")
    def list_all(*, wish: Wish) -> None:
        """Show who may use the console."""
        print_list(console_people_view(services), wish, line=_line, nothing=NOBODY, time="created_at")

    _add_changes(group, services)
    _add_sessions(group, services)
    return group


def _line(person: dict[str, Any]) -> str:
    since = person["created_at"] or "stands in the settings"
    return f"{person['name']:<24}{person['role']:<10}{person['by']:<10}{since}"


def _add_changes(group: click.Group, services: Services) -> None:
    @group.command("role")
    @click.argument("name")
    @click.argument("role", type=ROLES)
    def role(name: str, role: str) -> None:
        """Give somebody another role, from their next request on."""
        with told():
            set_console_role(services, name, Role(role), actor=ACTOR)
        click.echo(f"{name} is {role} now.")

    @group.command("password")
    @click.argument("name")
    @PASSWORD_FROM
    def password(name: str, ask: bool) -> None:
        """Give somebody another password and end their sessions."""
        new = _password(ask=ask)
        with told():
            set_console_password(services, name, new, actor=ACTOR)
        _tell(name, new, ask=ask, address=services.settings.public_base_url)

    @group.command("remove")
    @click.argument("name")
    def remove(name: str) -> None:
        """Let somebody sign in no more, and end their sessions."""
        with told():
            remove_console_person(services, name, actor=ACTOR)
        click.echo(f"{name} may sign in no more.")


def _add_sessions(group: click.Group, services: Services) -> None:
    @group.command("sessions")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def sessions(as_json: bool) -> None:
        """Show the open sessions of the console."""
        found = console_sessions_view(services)
        if as_json:
            click.echo(json.dumps({"items": found}, ensure_ascii=False))
            return
        for each in found:
            click.echo(
                f"{each['id']}  {each['name']:<24}{each['remote_addr']:<18}used {each['last_seen_at']}"
            )
        if not found:
            click.echo("Nobody is signed in.")

    @group.command("end-session")
    @click.argument("session")
    def end(session: str) -> None:
        """End one session."""
        with told():
            end_console_session(services, session, actor=ACTOR)
        click.echo("The session has ended.")


def _password(*, ask: bool) -> str:
    if ask:
        text: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return text
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _tell(name: str, password: str, *, ask: bool, address: str) -> None:
    click.echo(f"{name} signs in at {address}/console/")
    if not ask:
        click.echo(f"Password, shown once: {password}")
