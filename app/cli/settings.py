"""`flask settings`: what is in force, and where each value came from."""

from __future__ import annotations

import json

import click

from app.pipeline.operators.settings_view import settings_in_force
from app.pipeline.services import Services


def settings_group(services: Services) -> click.Group:
    """Return `flask settings`."""

    @click.group("settings")
    def group() -> None:
        """Settings in force."""

    @group.command("list")
    @click.option("--json", "as_json", is_flag=True, help="One JSON list.")
    def list_all(as_json: bool) -> None:
        """Print every setting with its value and where it came from; of secrets the last letters at most."""
        found = settings_in_force(services)
        if as_json:
            click.echo(json.dumps([each.as_json() for each in found], indent=2, ensure_ascii=False))
            return
        for each in found:
            click.echo(f"{each.name:<30}{each.shown or '-':<44}{each.origin}")

    return group
