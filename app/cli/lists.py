"""What every list of the terminal takes, and how it is printed: --json, --since, --limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from itertools import islice
from typing import Any

import click

from app.core.clock import SystemClock
from app.core.moments import as_text, iso_moment
from app.core.visible import visible

Command = Callable[..., Any]
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LONGEST_AGO = 36_500 * 86_400
LONGEST_NUMBER = 10
MOST = 10_000
NO_TIME = "! What is listed here has no time; --since leaves nothing out."


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants a list."""

    as_json: bool
    since: datetime | None
    limit: int

    @property
    def since_text(self) -> str | None:
        """The time as the API's filters take it."""
        return as_text(self.since)


class Since(click.ParamType[datetime]):
    """A time, or how long ago: 90s, 30m, 2h, 7d."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment that is meant."""
        text = str(value).strip()
        number, unit = text[:-1], text[-1:]
        if number.isascii() and number.isdigit() and len(number) < LONGEST_NUMBER and unit in UNITS:
            seconds = min(int(number) * UNITS[unit], LONGEST_AGO)
            return SystemClock().now() - timedelta(seconds=seconds)
        try:
            return iso_moment(text)
        except ValueError:
            self.fail(
                f"{text[:40]!r} is no time; write 30m, 2h, 7d or a time such as 2026-01-31T08:00:00Z.",
                param,
                ctx,
            )


def list_options(*, limit: int, time: str | None) -> Callable[[Command], Command]:
    """Give a list its options and hand them over as `wish`; `time` says in words which time --since looks at, None that there is none."""
    about = (
        f"Only what was {time} since then" if time else "Leaves nothing out here: what is listed has no time"
    )

    def decorate(command: Command) -> Command:
        @click.option("--json", "as_json", is_flag=True, help="One JSON list.")
        @click.option("--since", type=Since(), help=f"{about} (30m, 2h, 7d, or a time).")
        @click.option(
            "--limit", type=click.IntRange(1, MOST), default=limit, show_default=True, help="How many."
        )
        @wraps(command)
        def listing(*args: Any, as_json: bool, since: datetime | None, limit: int, **given: Any) -> Any:
            if since is not None and time is None:
                click.echo(NO_TIME, err=True)
            return command(*args, wish=Wish(as_json, since, limit), **given)

        return listing

    return decorate


def print_list(
    items: Iterable[Mapping[str, Any]],
    wish: Wish,
    *,
    line: Callable[[Any], str],
    nothing: str,
    time: str | None = None,
) -> None:
    """Print a list as it is wanted; `time` is the member that --since looks at, None where the items were chosen by it already."""
    shown = list(islice(_since(items, wish, time), wish.limit))
    if wish.as_json:
        click.echo(visible(json.dumps(shown, indent=2, ensure_ascii=False)))
        return
    for item in shown:
        click.echo(visible(line(item)))
    if not shown:
        click.echo(nothing)


def _since(items: Iterable[Mapping[str, Any]], wish: Wish, time: str | None) -> Iterable[Mapping[str, Any]]:
    if wish.since is None or time is None:
        return items
    since = wish.since
    return (item for item in items if item[time] is not None and iso_moment(item[time]) >= since)
