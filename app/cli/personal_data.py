"""`flask people export` and `erase`: everything about one person, handed out or gone; and their sessions."""

from __future__ import annotations

import json
from typing import BinaryIO

import click

from app.core.errors import CallgateError
from app.core.exact_json import write_json
from app.pipeline.operators.people import end_sessions_of_person, show_person
from app.pipeline.operators.personal_data import erase_person, export_person
from app.pipeline.services import Services

ACTOR = "terminal"


def add_personal_data(group: click.Group, services: Services) -> None:
    """Add the commands to `flask people`."""

    @group.command("show")
    @click.argument("user")
    def show(user: str) -> None:
        """Show one person with identities and sessions."""
        try:
            found = show_person(services, user)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))

    @group.command("end-sessions")
    @click.argument("user")
    def end_sessions(user: str) -> None:
        """End every session of a person, on every process at once."""
        try:
            ended = end_sessions_of_person(services, user, actor=ACTOR)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(f"{ended} sessions have ended.")

    _add_export(group, services)
    _add_erase(group, services)


def _add_export(group: click.Group, services: Services) -> None:
    @group.command("export")
    @click.argument("user")
    @click.option(
        "--out", type=click.File("wb"), default="-", help="A file; the terminal where it is left out."
    )
    def export(user: str, out: BinaryIO) -> None:
        """Write everything about a person, one JSON object a line, each with its kind."""
        try:
            for each in export_person(services, user, actor=ACTOR):
                out.write(write_json(each) + b"\n")
        except CallgateError as error:
            raise click.ClickException(error.message) from None


def _add_erase(group: click.Group, services: Services) -> None:
    @group.command("erase")
    @click.argument("user")
    @click.option("--reason", required=True, help="Why; kept in the audit.")
    @click.option("--yes", is_flag=True, help="Really; there is no way back.")
    def erase(user: str, reason: str, yes: bool) -> None:
        """Erase everything about a person, stored bodies included."""
        if not yes:
            raise click.UsageError(
                "There is no way back: look at `flask people export` first, then add --yes."
            )
        try:
            done = erase_person(services, user, reason=reason, actor=ACTOR)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        counts = ", ".join(f"{count} {name}" for name, count in done["erased"].items() if count)
        click.echo(f"Erased: {counts or 'nothing was left'}.")
