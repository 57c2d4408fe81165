"""A difference between the files and what runs, in lines for a terminal; and `flask reload`, which asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from app.core.errors import CallgateError
from app.pipeline.operators.reload import Difference, KeyChange, TableChange, ask_for_reload
from app.pipeline.overrides import RENEW_SECONDS
from app.pipeline.services import Services

SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def reload_command(services: Services) -> click.Command:
    """Return `flask reload`."""

    @click.command("reload")
    def reload() -> None:
        """Have every serving process replaced by one that reads settings, channels and handlers anew, one after the other."""
        try:
            difference = ask_for_reload(services, actor="terminal")
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        for line in difference_lines(difference):
            click.echo(line)
        click.echo(
            f"Every `flask serve` begins within {RENEW_SECONDS:.0f} seconds; its log says how it went."
        )

    return reload


def difference_lines(difference: Difference) -> Iterator[str]:
    """Yield the faults, or what differs."""
    for fault in difference.faults:
        at = f"{difference.file}:{fault.line}: " if fault.line is not None else ""
        yield f"! {at}{fault.sentence}"
    for change in difference.changes:
        yield f"{SIGNS[change.change]} {_named(change)}"
        for key in change.keys:
            yield f"    {_key_line(key)}"
    if not difference.faults and not difference.changes:
        yield "Nothing differs from what runs."
    if not difference.secrets_compared:
        yield "! What runs was told with a SECRET_KEY that is gone, so keys and tokens were not compared."


def _named(change: TableChange) -> str:
    return f"{change.table} {change.name}".strip()


def _key_line(key: KeyChange) -> str:
    if key.before is None and key.after is None:
        return f"{key.name} changed"
    return f"{key.name}: {key.before or '-'} -> {key.after or '-'}"
