"""`flask channels`: every channel with the exact addresses to paste into the platform's console, and whether it can work."""

from __future__ import annotations

from typing import Any

import click

from app.cli.channel_setup import add_diff, add_set_up
from app.cli.channel_switches import add_switches
from app.core.errors import CallgateError
from app.pipeline.binding.codes import APP_SHAPE
from app.pipeline.channels import Channels
from app.pipeline.operators.channel_check import Ask, asking_platforms, check_channels, only, stay_offline
from app.pipeline.operators.channels import channel_view, login_view
from app.pipeline.sending.push import app_key
from app.pipeline.services import Services

STATES = {"ok": "ok", "off": "off", "wrong": "WRONG"}
LABELS = {
    "callback_url": "callback URL",
    "accounts_url": "URL of accounts",
    "redirect_uri": "login redirect URL",
}
PROOFS = {
    "body": "the whole body",
    "origin": "who calls, not the body: whoever sees one request can send another body",
    "none": "nothing: anybody can send (allow_unsigned)",
}


def channels_group(services: Services) -> click.Group:
    """Return `flask channels`."""

    @click.group("channels")
    def group() -> None:
        """Channels and their addresses."""

    @group.command("list")
    def list_channels() -> None:
        """Print every channel, enabled or why not, with its exact callback addresses."""
        _list(services)

    @group.command("check")
    @click.argument("name", required=False)
    @click.option("--offline", is_flag=True, help="Ask no platform whether it takes the keys.")
    def check(name: str | None, offline: bool) -> None:
        """Say of every channel whether its keys are complete and work; exit 1 when something is wrong."""
        channels = services.channels if name is None else _only(services.channels, name)
        states = _check(services, channels, stay_offline if offline else asking_platforms(services.settings))
        if "wrong" in states or (name is not None and "ok" not in states):
            raise SystemExit(1)

    add_set_up(group, services)
    add_diff(group, services)
    add_switches(group, services)

    @group.command("app-key")
    @click.argument("app")
    def print_app_key(app: str) -> None:
        """Print the key with which programs send to everybody bound to an app."""
        if not APP_SHAPE.fullmatch(app):
            raise click.ClickException(
                "APP is the name that bind codes were made for: letters, digits and . _ : -"
            )
        key = app_key(services, app)
        click.echo(key)
        click.echo(f"{services.settings.public_base_url}/send/{key}?title=Hello&desp=World", err=True)

    return group


def _list(services: Services) -> None:
    items = channel_view(services)
    for item in items:
        _list_one(item)
    for login in login_view(services):
        if login["channels"] != [login["name"]]:
            click.echo(f"{login['name']}  (login group, {login['title']})  {', '.join(login['channels'])}")
            click.echo(f"    {'people start at':<20}{login['start_url']}")
    _tell_what_else(services, is_empty=not items)


def _list_one(item: dict[str, Any]) -> None:
    state = "enabled" if item["enabled"] else f"disabled: {item['reason']}"
    click.echo(f"{item['name']}  ({item['platform']}, {item['title']})  {state}")
    for name, address in item["urls"].items():
        click.echo(f"    {LABELS[name]:<20}{address}")
    if item["capabilities"]:
        click.echo(f"    {'can':<20}{', '.join(item['capabilities'])}")
    for name, reason in item["off"].items():
        click.echo(f"    {'off: ' + name:<20}{reason}")
    if item["signature_covers"] is not None:
        click.echo(f"    {'proof covers':<20}{PROOFS[item['signature_covers']]}")
    if item["advice"] is not None:
        click.echo(f"    {'advice':<20}{item['advice']}")


def _check(services: Services, channels: Channels, ask: Ask) -> list[str]:
    """Print each channel as soon as it has been looked at; return how they stand."""
    states: list[str] = []
    for checked in check_channels(channels, ask):
        click.echo(f"{checked.name}  ({checked.platform})  {STATES[checked.state]}")
        for sentence in checked.sentences:
            click.echo(f"    {sentence}")
        states.append(checked.state)
    _tell_what_else(services, is_empty=not states)
    return states


def _only(channels: Channels, name: str) -> Channels:
    try:
        return only(channels, name)
    except CallgateError as error:
        raise click.ClickException(error.message) from None


def _tell_what_else(services: Services, *, is_empty: bool) -> None:
    """Say where channels come from when there is none, and what somebody wrote that takes no part."""
    if is_empty:
        click.echo(f"There are no channels; add one to {services.settings.channels_file}.")
    for notice in services.notices:
        click.echo(f"! {notice}")
