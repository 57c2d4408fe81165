"""What the program `flask` finds: our commands by name, each loaded when it is called.

So `flask init` and `flask --help` work before there is a configuration, and at once.
"""

from __future__ import annotations

from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup

from app.cli.collector import resting_collector
from app.cli.groups import COMMANDS, make_command
from app.cli.init import init_command


class ListedCommand(click.Command):
    """A command known by its name and its help; what it does is loaded when it is called."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Load the command, and read its arguments."""
        assert self.name is not None
        with resting_collector():
            from app.cli.loading import joined_services

            command = make_command(self.name, joined_services())
        return command.make_context(info_name, args, parent, **extra)


def command_line() -> Flask:
    """Return an application that has commands and nothing else."""
    app = Flask("app.web")
    app.cli = AppGroup()
    app.cli.add_command(init_command)
    for name, place in COMMANDS.items():
        app.cli.add_command(ListedCommand(name, short_help=place.help))
    return app
