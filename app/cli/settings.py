"""`flask settings`: what is in force, and where each value came from."""

from __future__ import annotations

import click

from app.cli.lists import Wish, list_options, print_list
from app.pipeline.operators.settings_view import settings_in_force
from app.pipeline.services import Services


def settings_group(services: Services) -> click.Group:
    """Return `flask settings`."""

    @click.group("settings")
    def group() -> None:
        """Settings in force."""

    @group.command("list")
    @list_options(limit=1000, time=None)
    def list_all(*, wish: Wish) -> None:
        """Print every setting with its value and where it came from; of secrets the last letters at most."""
        found = settings_in_force(services)
        lines = {each.name: f"{each.name:<30}{each.shown or '-':<44}{each.origin}" for each in found}
        items = [each.as_json() for each in found]
        print_list(items, wish, line=lambda item: lines[item["name"]], nothing="No settings.")

    return group
