"""`flask rejections`: what was refused, in words; one by one, and by cause."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from app.core.errors import CallgateError
from app.core.visible import visible, visible_line
from app.pipeline.operators.rejections import grouped_rejections, list_rejections_page, show_rejection
from app.pipeline.services import Services


def rejections_group(services: Services) -> click.Group:
    """Return `flask rejections`."""

    @click.group("rejections")
    def group() -> None:
        """What was refused."""

    @group.command("list")
    @click.option("--channel", help="Only this channel.")
    @click.option("--reason", help="Only this cause: the word that reasons begin with.")
    @click.option("--since", help="Only what was refused at this time or later.")
    @click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
    @click.option("--group", "by_cause", is_flag=True, help="The causes and how often, not the deliveries.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def list_all(  # noqa: PLR0917 - one for each option
        channel: str | None,
        reason: str | None,
        since: str | None,
        limit: int,
        by_cause: bool,
        as_json: bool,
    ) -> None:
        """List refused deliveries, newest first, or their causes, the most frequent first."""
        try:
            if by_cause:
                found = grouped_rejections(services, channel=channel, since=since)["items"][:limit]
            else:
                page = list_rejections_page(
                    services, channel, since=since, reason=reason, cursor=None, limit=limit
                )
                found = page["items"]
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        _print(found, _cause if by_cause else _line, as_json=as_json)

    _add_show(group, services)
    return group


def _print(found: list[dict[str, Any]], line_of: Callable[[dict[str, Any]], str], *, as_json: bool) -> None:
    if as_json:
        click.echo(visible(json.dumps(found, indent=2, ensure_ascii=False)))
        return
    for each in found:
        click.echo(line_of(each))
    if not found:
        click.echo("Nothing was refused.")


def _add_show(group: click.Group, services: Services) -> None:
    @group.command("show")
    @click.argument("rejection_id", metavar="ID")
    def show(rejection_id: str) -> None:
        """Show one refused delivery: why, from where, with which headers and beginning of its body."""
        try:
            found = show_rejection(services, rejection_id)
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        click.echo(visible(json.dumps(found, indent=2, ensure_ascii=False)))


def _line(item: dict[str, Any]) -> str:
    reason = visible_line(str(item["reason"]))
    return (
        f"{item['received_at']}  {item['id']}  {item['channel']}  {item['status']} {item['error']}  {reason}"
    )


def _cause(group: dict[str, Any]) -> str:
    example = visible_line(str(group["example"]))
    return f"{group['count']:>7}  {group['channel']}  {group['error']}  last {group['last_at']}  {example}"
