"""`flask channels setup`, `watch` and `diff`: what a channel needs at its platform, what arrives at it, what a reload would change."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import click

from app.cli.differences import difference_lines
from app.core.errors import CallgateError
from app.pipeline.operators.arrivals import Arrival, arrivals
from app.pipeline.operators.channel_keys import KeyView
from app.pipeline.operators.reload import compare
from app.pipeline.operators.setup import Setup, Step, channel_setup, console_entries
from app.pipeline.services import Services

T = TypeVar("T")

LOOK_SECONDS = 1.0
MARKS = {"done": "[x]", "waiting": "[ ]", "failed": "[!]", "unneeded": "[-]"}
STEPS = {
    "keys": "keys are set",
    "address": "the address is entered at the platform",
    "check": "the platform's check passed",
    "event": "the first event came",
    "taken": "a handler or destination took it",
    "login": "somebody has logged in",
}
URLS = {
    "callback_url": "callbacks",
    "accounts_url": "accounts' callbacks",
    "redirect_uri": "login return",
    "relay_host": "relay",
}


def add_set_up(group: click.Group, services: Services) -> None:
    """Add the two commands."""

    @group.command("setup")
    @click.argument("name")
    @click.option("--json", "as_json", is_flag=True, help="One JSON object.")
    def setup(name: str, as_json: bool) -> None:
        """Print what to enter where at the platform, which keys are missing, and how far the channel has come."""
        found = _asked(lambda: channel_setup(services, name))
        if as_json:
            click.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
            return
        for line in _lines(found):
            click.echo(line)

    @group.command("watch")
    @click.argument("name")
    @click.option("--seconds", type=click.FloatRange(min=0), help="End after so long; else Ctrl-C ends it.")
    def watch(name: str, seconds: float | None) -> None:
        """Show what arrives at a channel as it comes: checks, events, and refusals with cause and cure."""
        _asked(lambda: arrivals(services, name))
        click.echo(f"Waiting for what comes to {name}; Ctrl-C ends this.")
        _watch(services, name, seconds)


def add_diff(group: click.Group, services: Services) -> None:
    """Add `flask channels diff`."""

    @group.command("diff")
    @click.option("--json", "as_json", is_flag=True, help="One JSON object.")
    def diff(as_json: bool) -> None:
        """Print what `flask reload` would change."""
        found = compare(services)
        if as_json:
            click.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
        else:
            click.echo("\n".join(difference_lines(found)))
        if found.faults:
            raise SystemExit(1)


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except CallgateError as error:
        raise click.ClickException(error.message) from None


def _lines(setup: Setup) -> Iterator[str]:
    state = "enabled" if setup.enabled else f"disabled: {setup.reason}"
    yield f"{setup.name}  ({setup.platform}, {setup.title})  {state}"
    yield from _console_lines(setup)
    yield ""
    yield "Addresses"
    for name, address in setup.urls.items():
        yield f"    {URLS[name]:<20}{address}"
    for address in setup.domain_files:
        yield f"    {'domain file':<20}{address}"
    yield ""
    yield "Keys"
    for key in setup.keys:
        yield _key_line(key)
    yield ""
    yield "How far it has come"
    for step in setup.steps:
        yield from _step_lines(step)


def _console_lines(setup: Setup) -> Iterator[str]:
    if setup.console is None:
        return
    yield ""
    yield f"At the platform: {setup.console.address}".rstrip(": ")
    if setup.console.address_end:
        yield f"    behind the callback address must stand {setup.console.address_end}"
    for entry, value in console_entries(setup):
        english = f" ({entry.english})" if entry.english else ""
        yield f"    {entry.page}{english}"
        yield f"        enter {value}" if value is not None else f"        copy {', '.join(entry.keys)}"


def _key_line(key: KeyView) -> str:
    needed = f"  needed for {', '.join(key.needed_for)}" if key.needed_for else ""
    source = f"  from {', '.join(key.variables)}" if key.variables else ""
    return f"    {key.name:<24}{key.state:<10}{key.shown}{source}{needed}"


def _step_lines(step: Step) -> Iterator[str]:
    at = "" if step.at is None else f"  {step.at:%Y-%m-%d %H:%M:%S} UTC"
    detail = f"  {step.detail}" if step.detail else ""
    yield f"    {MARKS[step.state]} {STEPS[step.name]}{at}{detail}"
    if step.cause is not None and step.cure is not None:
        yield f"        cause: {step.cause.english}"
        yield f"        cure:  {step.cure.english}"


def _watch(services: Services, name: str, seconds: float | None) -> None:
    """Print what is new or has changed its state, until the time is over."""
    known: dict[str, str] = {}
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        for arrival in reversed(arrivals(services, name)):
            if known.get(arrival.id) != arrival.outcome:
                known[arrival.id] = arrival.outcome
                _print(arrival)
        if end is not None and time.monotonic() >= end:
            return
        time.sleep(LOOK_SECONDS if end is None else min(LOOK_SECONDS, max(0.0, end - time.monotonic())))


def _print(arrival: Arrival) -> None:
    click.echo(
        f"{arrival.at:%H:%M:%S}  {arrival.kind:<10}{arrival.outcome:<28}{arrival.method} {arrival.what}"
    )
    if arrival.detail:
        click.echo(f"          {arrival.detail}")
    if arrival.cure is not None:
        click.echo(f"          cure: {arrival.cure.english}")
