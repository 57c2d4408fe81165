"""The `replay` command that `flask events` and `flask dead-letters` share, and how it speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from app.cli.progress import Progress
from app.core.errors import CallgateError
from app.pipeline.operators.replay import Replayed, preview_event, preview_replay, replay_event, replay_events
from app.pipeline.operators.replay_order import bulk_defaults, read_filter, read_limit, read_order
from app.pipeline.services import Services

FILTERS = ("channel", "type", "state", "q", "since", "until")
ACTOR = "terminal"

EVENT_OPTIONS = (
    click.argument("event_id", required=False),
    click.option("--channel", help="Only this channel."),
    click.option("--type", help="Only this type; * stands for anything."),
    click.option("--q", help="Only where id, key, type or subject holds this text."),
    click.option("--since", help="Only events received at this time or later."),
    click.option("--until", help="Only events received before this time."),
    click.option("--all", "everything", is_flag=True, help="Without any filter."),
    click.option("--route", help="Only this route."),
    click.option("--limit", type=int, help="At most so many events, the oldest."),
    click.option("--rate", type=float, help="Events a second; 100 unless given."),
    click.option("--reason", help="Why; kept in the audit."),
    click.option("--dry-run", is_flag=True, help="Only show how many and which."),
)


def replay_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a replay."""
    for option in reversed(EVENT_OPTIONS):
        command = option(command)
    return command


def run_replay(services: Services, given: dict[str, Any]) -> None:
    """Replay one event or many as the options say; raises ClickException with the sentence of what is wrong."""
    values = {name: value for name, value in given.items() if value is not None}
    filter_ = {name: values[name] for name in FILTERS if name in values}
    if bool(values.get("event_id")) + bool(filter_) + values["everything"] != 1:
        raise click.UsageError("Name one event, or give filters, or --all.")
    try:
        if values.get("event_id"):
            _replay_one(services, values)
        else:
            _replay_many(services, values, filter_)
    except CallgateError as error:
        raise click.ClickException(error.message) from None


def _replay_one(services: Services, values: dict[str, Any]) -> None:
    if values["dry_run"]:
        _show_preview(preview_event(services, values["event_id"]))
        return
    order = read_order(services, values, actor=ACTOR)
    _show(replay_event(services, values["event_id"], order))


def _replay_many(services: Services, values: dict[str, Any], filter_: dict[str, str]) -> None:
    wanted = read_filter(filter_)
    limit = read_limit(values.get("limit"), most=None)
    if values["dry_run"]:
        _show_preview(preview_replay(services, wanted))
        return
    order = read_order(services, bulk_defaults(wanted) | values, actor=ACTOR)
    with Progress("Events made due") as progress:
        done = replay_events(services, wanted, order, limit=limit, tell=progress)
    _show(done)


def _show_preview(found: dict[str, Any]) -> None:
    click.echo(f"{found['count']} events would be replayed.")
    for event_id in found["sample"]:
        click.echo(event_id)


def _show(done: Replayed) -> None:
    click.echo(f"{done.events} events, {done.dispatches} dispatches are due again.")
    if done.running:
        click.echo(f"{done.running} dispatches are running and were left alone.")
    if done.pruned:
        click.echo(f"{done.pruned} events were left alone: retention has emptied them.")
    if done.nothing_to_run:
        click.echo(f"{done.nothing_to_run} events were left alone: nothing would run.")
