"""What the program `flask` finds: our commands by name, each loaded when it is called.

So `flask init` and `flask --help` work before there is a configuration, and at once.
"""

from __future__ import annotations

import sys
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup

from app.cli.collector import resting_collector
from app.cli.groups import COMMANDS, WITHOUT_SERVICES, make_command, unknown_command
from app.cli.help import asks_for_help, help_text

EVERY = {**COMMANDS, **WITHOUT_SERVICES}


class ListedCommand(click.Command):
    """A command known by its name and its help; what it does is loaded when it is called."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Load the command, and read its arguments."""
        assert self.name is not None
        with resting_collector():
            command = make_command(self.name, None if is_only_described(self.name, args) else _services())
        return command.make_context(info_name, args, parent, **extra)


def is_only_described(name: str, args: list[str]) -> bool:
    """Say whether a command needs no services: it has none, or only its help is wanted."""
    return name in WITHOUT_SERVICES or args[-1:] == ["--help"]


def _services() -> Any:
    from app.cli.loading import joined_services

    return joined_services()


class OurCommands(AppGroup):
    """Our commands; a word that is none of them, nor one of Flask's, is answered with what was meant."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command; raises UsageError for another word."""
        command = super().get_command(ctx, name)
        if command is None:
            raise unknown_command(name, EVERY)
        return command


def command_line() -> Flask:
    """Return an application that has commands and nothing else. Who asks for help gets ours instead of Flask's."""
    if asks_for_help(sys.argv[1:]):
        click.echo(help_text({name: place.help for name, place in EVERY.items()}))
        raise SystemExit(0)
    app = Flask("app.web")
    app.cli = OurCommands()
    for name, place in EVERY.items():
        app.cli.add_command(ListedCommand(name, short_help=place.help))
    return app
