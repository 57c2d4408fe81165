"""`flask audit`: who did what to what."""

from __future__ import annotations

import json
from typing import Any

import click

from app.core.errors import CallgateError
from app.core.visible import visible, visible_line
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
    @click.option("--since", help="Only what was done at this time or later.")
    @click.option("--until", help="Only what was done before this time.")
    @click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.option(
        "--csv", "as_csv", is_flag=True, help="Print a table of up to 100,000 lines, without --limit."
    )
    def list_all(limit: int, as_json: bool, as_csv: bool, **wanted: str | None) -> None:
        """List entries, newest first."""
        given = {name: value for name, value in wanted.items() if value}
        try:
            if as_csv:
                for line in audit_table(services, given):
                    click.echo(line, nl=False)
                return
            items = list_audit_page(services, given, cursor=None, limit=limit)["items"]
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        _print(items, as_json=as_json)

    return group


def _print(items: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(visible(json.dumps(items, indent=2, ensure_ascii=False)))
        return
    for each in items:
        detail = "" if each["detail"] is None else json.dumps(each["detail"], ensure_ascii=False)
        said = "  ".join([*(str(each[name]) for name in SHOWN), detail])
        click.echo(visible_line(said.rstrip()))
    if not items:
        click.echo("No entries.")
