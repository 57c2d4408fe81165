"""`flask channels`: every channel with the exact addresses to paste into the platform's console, and whether it can work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli.channel_setup import add_diff, add_set_up
from app.cli.channel_switches import add_switches
from app.cli.lists import Wish, list_options, print_list
from app.core.errors import CallgateError, StoreUnavailable
from app.core.visible import visible, visible_line
from app.pipeline.binding.codes import APP_SHAPE
from app.pipeline.channels import Channels
from app.pipeline.operators.channel_check import Ask, asking_platforms, check_channels, only, stay_offline
from app.pipeline.operators.channels import channel_view, heard_of, login_view
from app.pipeline.operators.doctor.channel import LABELS
from app.pipeline.operators.sending_health import sending_health
from app.pipeline.sending.push import app_key
from app.pipeline.services import Services

if TYPE_CHECKING:
    from app.pipeline.operators.doctor.looks import Looks

STATES = {"ok": "ok", "off": "off", "wrong": "WRONG"}
NO_CHANNELS = "There are no channels; add one to %s."
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
    @list_options(limit=1000, time="heard of (by an event)")
    def list_channels(*, wish: Wish) -> None:
        """Print every channel, enabled or why not, with its exact callback addresses."""
        _list(services, wish)

    _add_check(group, services)
    add_set_up(group, services)
    add_diff(group, services)
    add_switches(group, services)

    _add_app_key(group, services)
    return group


def _add_check(group: click.Group, services: Services) -> None:
    @group.command("check")
    @click.argument("name", required=False)
    @click.option(
        "--offline", is_flag=True, help="Ask no platform whether it takes the keys, and call no address."
    )
    @click.option(
        "--keys",
        "keys_only",
        is_flag=True,
        help="Only the keys: no callback address, nothing of what was refused lately.",
    )
    def check(name: str | None, offline: bool, keys_only: bool) -> None:
        """Say of every channel whether its keys and its address work, and what its console must hold; exit 1 when something is wrong."""
        channels = services.channels if name is None else _only(services.channels, name)
        from app.pipeline.operators.doctor.looks import Looks

        looks = None if keys_only else Looks(services, is_offline=offline)
        states = _check(
            services, channels, stay_offline if offline else asking_platforms(services.settings), looks
        )
        if "wrong" in states or (name is not None and "ok" not in states):
            raise SystemExit(1)


def _add_app_key(group: click.Group, services: Services) -> None:
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


def _list(services: Services, wish: Wish) -> None:
    health = _health(services)
    found = channel_view(services) if wish.since is None else heard_of(services)
    items = [item | {"sending": health.get(item["name"])} for item in found]
    print_list(
        items, wish, line=_lines, nothing=NO_CHANNELS % services.settings.channels_file, time="last_event_at"
    )
    if wish.as_json:
        return
    for login in login_view(services):
        if login["channels"] != [login["name"]]:
            click.echo(f"{login['name']}  (login group, {login['title']})  {', '.join(login['channels'])}")
            click.echo(f"    {'people start at':<20}{login['start_url']}")
    _tell_notices(services)


def _health(services: Services) -> dict[str, dict[str, Any]]:
    """Return how channels that send are doing; nothing while the database is away, because addresses are shown all the same."""
    try:
        return sending_health(services)
    except StoreUnavailable:
        return {}


def _lines(item: dict[str, Any]) -> str:
    state = "enabled" if item["enabled"] else f"disabled: {item['reason']}"
    said = {LABELS[name]: address for name, address in item["urls"].items()}
    said["can"] = ", ".join(item["capabilities"])
    said |= {f"off: {name}": reason for name, reason in item["off"].items()}
    said["sending"] = _sending(item["sending"])
    said["proof covers"] = PROOFS.get(item["signature_covers"], "")
    said["advice"] = item["advice"] or ""
    lines = (f"    {name:<20}{text}" for name, text in said.items() if text)
    return "\n".join([f"{item['name']}  ({item['platform']}, {item['title']})  {state}", *lines])


def _sending(health: dict[str, Any] | None) -> str:
    if health is None or health["state"] == "ok":
        return ""
    said = (
        f"left alone until {health['until']}"
        if health["until"]
        else f"{health['failures']} failures in a row"
    )
    return f"{said}; the last one: {visible_line(health['last_error'] or '')}"


def _check(services: Services, channels: Channels, ask: Ask, looks: Looks | None) -> list[str]:
    """Print each channel as soon as it has been looked at; return how they stand."""
    states: list[str] = []
    for checked in check_channels(channels, ask):
        found = looks.at(checked.name) if looks is not None else []
        state = "wrong" if any(finding.state == "wrong" for finding in found) else checked.state
        click.echo(f"{checked.name}  ({checked.platform})  {STATES[state]}")
        for sentence in checked.sentences:
            click.echo(f"    {sentence}")
        for finding in found:
            click.echo(f"    {finding.name}: {visible(finding.told())}")
            if finding.advice():
                click.echo(f"        → {visible(finding.advice())}")
        states.append(state)
    if not states:
        click.echo(NO_CHANNELS % services.settings.channels_file)
    _tell_notices(services)
    return states


def _only(channels: Channels, name: str) -> Channels:
    try:
        return only(channels, name)
    except CallgateError as error:
        raise click.ClickException(error.message) from None


def _tell_notices(services: Services) -> None:
    """Say what somebody wrote that takes no part."""
    for notice in services.notices:
        click.echo(f"! {notice}")
