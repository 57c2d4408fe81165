"""What the program `flask` finds: our commands, with the gateway loaded only for those that need it.

So `flask init` works before there is a configuration, and at once. The other commands are in app/cli/groups.py.
"""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from app.cli.collector import resting_collector
from app.cli.init import init_command


class CommandLine(AppGroup):
    """Our commands; the first one that needs the gateway loads it."""

    _gateway: Flask | None = None

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by its name; it runs with the whole application as Flask's current one."""
        if name != init_command.name:
            ctx.with_resource(self._loaded().app_context())
        return super().get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every name, for `flask --help`; while the configuration has faults, those that work without one."""
        try:
            self._loaded()
        except SystemExit as fault:
            click.echo(
                f"{fault}\nUntil this is mended, the commands that need it are not listed.\n", err=True
            )
        return super().list_commands(ctx)

    def _loaded(self) -> Flask:
        """Join the parts and add their commands, once; a faulty configuration ends the program with its faults."""
        if self._gateway is None:
            with resting_collector():
                from app.cli.groups import register_commands
                from app.cli.whole_app import whole_app

                self._gateway = whole_app()
                register_commands(self._gateway)
            self.commands.update(self._gateway.cli.commands)
        return self._gateway


def command_line() -> Flask:
    """Return an application that has commands and nothing else."""
    app = Flask("app.web")
    app.cli = CommandLine()
    app.cli.add_command(init_command)
    return app
