"""`flask rejections`: what was refused, in words; one by one, and by cause."""

from __future__ import annotations

import json
from typing import Any

import click

from app.cli.lists import Wish, list_options, print_list
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
    @click.option("--group", "by_cause", is_flag=True, help="The causes and how often, not the deliveries.")
    @list_options(limit=20, time="refused")
    def list_all(channel: str | None, reason: str | None, by_cause: bool, *, wish: Wish) -> None:
        """List refused deliveries, newest first, or their causes, the most frequent first."""
        since = wish.since_text
        try:
            if by_cause:
                found = grouped_rejections(services, channel=channel, since=since)["items"]
            else:
                page = list_rejections_page(
                    services, channel, since=since, reason=reason, cursor=None, limit=wish.limit
                )
                found = page["items"]
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        print_list(found, wish, line=_cause if by_cause else _line, nothing="Nothing was refused.")

    _add_show(group, services)
    return group


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
