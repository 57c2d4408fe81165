"""`flask channels disable` and `enable`: a channel switched off beside its file, with a reason, and on again."""

from __future__ import annotations

from collections.abc import Callable

import click

from app.core.errors import CallgateError
from app.pipeline.operators.switches import SwitchOrder, switch_off, switch_on
from app.pipeline.overrides import RENEW_SECONDS
from app.pipeline.services import Services
from app.storage.channel_overrides import Override

ACTOR = "terminal"
Switch = Callable[[Services, str, SwitchOrder], Override]


def add_switches(group: click.Group, services: Services) -> None:
    """Add the two commands."""

    @group.command("disable")
    @click.argument("name")
    @click.option("--reason", required=True, help="Why; it is kept in the audit.")
    def disable(name: str, reason: str) -> None:
        """Take no more callbacks and logins through a channel; its file stays as it is."""
        _switch(services, switch_off, name, reason)
        click.echo(f"{name} is off, in every process within {RENEW_SECONDS:.0f} seconds.")

    @group.command("enable")
    @click.argument("name")
    @click.option("--reason", required=True, help="Why; it is kept in the audit.")
    def enable(name: str, reason: str) -> None:
        """Take back that a channel was switched off."""
        _switch(services, switch_on, name, reason)
        told = _still_off(services, name)
        click.echo(told or f"{name} is on, in every process within {RENEW_SECONDS:.0f} seconds.")


def _switch(services: Services, switch: Switch, name: str, reason: str) -> None:
    try:
        switch(services, name, SwitchOrder(ACTOR, reason))
    except CallgateError as error:
        raise click.ClickException(error.message) from None


def _still_off(services: Services, name: str) -> str | None:
    off = {each.config.name: each.reason for each in services.channels.disabled}
    return f"{name} is switched on, and takes no part all the same: {off[name]}" if name in off else None
