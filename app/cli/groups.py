"""Every command of `flask`: its name, its help, where it is made. None is loaded before it is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from app.cli.help import meant

if TYPE_CHECKING:
    from app.pipeline.services import Services


@dataclass(frozen=True, slots=True)
class CommandPlace:
    """Where a command is made, as `module:function` (the function takes the Services), and its line in `flask --help`."""

    made_by: str
    help: str


COMMANDS: Mapping[str, CommandPlace] = {
    "serve": CommandPlace("app.cli.serve:serve_command", "Serve the gateway."),
    "worker": CommandPlace("app.cli.serve:worker_command", "Run dispatches until stopped."),
    "db": CommandPlace("app.cli.database:database_group", "Migrations, moving, backup."),
    "channels": CommandPlace("app.cli.channels:channels_group", "Channels and their addresses."),
    "presets": CommandPlace("app.cli.presets:presets_group", "Logins that are described by data."),
    "sources": CommandPlace("app.cli.sources:sources_group", "Senders that are described by data."),
    "events": CommandPlace("app.cli.events:events_group", "Stored events."),
    "stats": CommandPlace(
        "app.cli.stats:stats_command",
        "Show how many callbacks came, how they ended and how long they took.",
    ),
    "rejections": CommandPlace("app.cli.rejections:rejections_group", "What was refused."),
    "dispatches": CommandPlace("app.cli.dispatches:dispatches_group", "Events on their way."),
    "dead-letters": CommandPlace("app.cli.dead_letters:dead_letters_group", "Events that failed for good."),
    "messages": CommandPlace(
        "app.cli.messages:messages_group", "Messages: sending one, and what became of it."
    ),
    "notifications": CommandPlace(
        "app.cli.notifications:notifications_group", "Notifications: events that become messages."
    ),
    "destinations": CommandPlace("app.cli.destinations:destinations_group", "Forwarding of events."),
    "watch": CommandPlace("app.cli.watch:watch_group", "What needs a person."),
    "payments": CommandPlace("app.cli.payments:payments_group", "Orders whose payment is waited for."),
    "bans": CommandPlace("app.cli.bans:bans_group", "Addresses that are kept out for a while."),
    "tokens": CommandPlace(
        "app.cli.tokens:tokens_group", "App tokens, and accounts that authorise a channel."
    ),
    "api-tokens": CommandPlace(
        "app.cli.api_tokens:api_tokens_group", "API tokens that are kept in the database."
    ),
    "people": CommandPlace("app.cli.people:people_group", "Who has logged in here."),
    "users": CommandPlace("app.cli.users:users_group", "People who may use the console."),
    "audit": CommandPlace("app.cli.audit:audit_group", "Who did what."),
    "clients": CommandPlace(
        "app.cli.clients:clients_group", "Systems that log people in through this gateway."
    ),
    "keys": CommandPlace("app.cli.keys:keys_group", "Signing and vault keys."),
    "reload": CommandPlace(
        "app.cli.differences:reload_command",
        "Have every serving process replaced by one that reads settings, channels and handlers anew, one after the other.",
    ),
    "settings": CommandPlace("app.cli.settings:settings_group", "Settings in force."),
    "prune": CommandPlace(
        "app.cli.prune:prune_command", "Empty and delete what is older than the retention settings say."
    ),
    "sandbox": CommandPlace("app.cli.sandbox:sandbox_group", "The simulated platforms."),
}
"""The commands of CONTRACT §2."""


WITHOUT_SERVICES: Mapping[str, CommandPlace] = {
    "init": CommandPlace(
        "app.cli.init:init_command",
        "Write the own files (.env, channels.toml, handlers/) with fresh secrets.",
    ),
    "doctor": CommandPlace("app.cli.doctor:doctor_command", "Find out what is wrong, and say the cure."),
    "tunnel": CommandPlace(
        "app.cli.tunnel:tunnel_command", "Find a running tunnel, and print the callback addresses for it."
    ),
    "secret": CommandPlace("app.cli.secret:secret_command", "Print a fresh random secret."),
    "completion": CommandPlace(
        "app.cli.completion:completion_command", "Print what bash or zsh needs to complete these commands."
    ),
}
"""Commands that work before there is a configuration; the place names the command itself."""


def make_command(name: str, services: Services | None) -> click.Command:
    """Load and make one of COMMANDS, or of those that need no services; raises KeyError for another name."""
    module, _, maker = (WITHOUT_SERVICES.get(name) or COMMANDS[name]).made_by.partition(":")
    made: Any = getattr(import_module(module), maker)
    command: click.Command = made if name in WITHOUT_SERVICES else made(services)
    return helpful(command)


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Yield every command, to be looked at and not to be run: nothing is joined for them."""
    for name in (*COMMANDS, *WITHOUT_SERVICES):
        yield name, make_command(name, None)


class HelpfulGroup(click.Group):
    """A group that names what was meant when a word is none of its commands."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is named; raises UsageError."""
        if self.get_command(ctx, args[0]) is None:
            raise unknown_command(args[0], self.commands)
        return super().resolve_command(ctx, args)


def helpful(command: click.Command) -> click.Command:
    """Return a command whose groups know what was meant."""
    if not isinstance(command, click.Group):
        return command
    below = {name: helpful(each) for name, each in command.commands.items()}
    return HelpfulGroup(
        command.name, commands=below, help=command.help, params=command.params, callback=command.callback
    )


def unknown_command(word: str, names: Iterable[str]) -> click.UsageError:
    """Return the error for a word that is no command."""
    return click.UsageError(f"There is no command {word!r}.{meant(word, names)}")
