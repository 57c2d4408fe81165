"""`flask stats`: traffic over time."""

from __future__ import annotations

import json
from typing import Any

import click

from app.core.errors import CallgateError
from app.pipeline.operators.stats import stats_view
from app.pipeline.services import Services

COLUMNS = ("deliveries", "accepted", "duplicate", "refused", "failed", "failed_attempts")


def stats_command(services: Services) -> click.Command:
    """Return `flask stats`."""

    @click.command("stats")
    @click.option("--since", help="A time such as 2026-01-31T08:00:00Z; a day ago unless given.")
    @click.option("--until", help="A time; now unless given.")
    @click.option("--step", help="Seconds of one line, whole minutes; as it fits unless given.")
    @click.option("--channel", help="Only this channel.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, as GET /api/v1/stats answers.")
    def stats(
        since: str | None, until: str | None, step: str | None, channel: str | None, as_json: bool
    ) -> None:
        """Show how many callbacks came, how they ended and how long they took."""
        wanted = {"since": since, "until": until, "step": step, "channel": channel}
        try:
            shown = stats_view(services, {name: value for name, value in wanted.items() if value})
        except CallgateError as error:
            raise click.ClickException(error.message) from None
        if as_json:
            click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
            return
        click.echo(f"{'':<21}" + "".join(f"{name:>16}" for name in (*COLUMNS, "p50 ms", "p95 ms")))
        for bucket in shown["buckets"]:
            if bucket["deliveries"] or bucket["attempts"]:
                click.echo(_line(bucket["at"][:19].replace("T", " "), bucket))
        click.echo(_line("all", shown["total"]))

    return stats


def _line(at: str, bucket: dict[str, Any]) -> str:
    values = [bucket[name] for name in COLUMNS]
    values += ["-" if bucket[name] is None else bucket[name] for name in ("p50_ms", "p95_ms")]
    return f"{at:<21}" + "".join(f"{value:>16}" for value in values)
