"""`flask audit`: who did what to what."""

from __future__ import annotations

import json
from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
from app.core.errors import CallgateError
from app.core.visible import visible_line
from app.pipeline.operators.audit import audit_table, list_audit_page
from app.pipeline.services import Services

SHOWN = ("at", "actor", "action", "target", "outcome")


def audit_group(services: Services) -> click.Group:
    """Return `flask audit`."""

    @click.group("audit")
    def group() -> None:
        """Who did what."""

    @group.command("list")
    @click.option("--actor", help="Only what this user, token or program did.")
    @click.option("--action", help="Only this action.")
    @click.option("--target", help="Only what was done to this.")
    @click.option("--until", help="Only what was done before this time.")
    @click.option(
        "--csv", "as_csv", is_flag=True, help="Print a table of up to 100,000 lines, without --limit."
    )
    @list_options(limit=50, time="done")
    def list_all(as_csv: bool, *, wish: Wish, **wanted: str | None) -> None:
        """List entries, newest first."""
        wanted["since"] = wish.since_text
        given = {name: value for name, value in wanted.items() if value}
        try:
            if as_csv:
                for line in audit_table(services, given):
                    click.echo(line, nl=False)
                return
            items = list_audit_page(services, given, cursor=None, limit=wish.limit)["items"]
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        print_list(items, wish, line=_line, nothing="No entries.")

    return group


def _line(each: dict[str, Any]) -> str:
    detail = "" if each["detail"] is None else json.dumps(each["detail"], ensure_ascii=False)
    return visible_line("  ".join([*(str(each[name]) for name in SHOWN), detail]).rstrip())
