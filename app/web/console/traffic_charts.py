"""Traffic of the last hour, day, week or month as the first page shows it: numbers, and two charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from flask_babel import gettext as _

from app.core.moments import as_text
from app.pipeline.operators.stats import stats_view
from app.pipeline.services import Services
from app.web.console.charts import Bucket, Chart, Series, drawn_lines, in_words, stacked

USUAL = "day"


class Range(NamedTuple):
    """How far back, and how many seconds one bar stands for."""

    span: timedelta
    step: int


RANGES = {
    "hour": Range(timedelta(hours=1), 60),
    "day": Range(timedelta(days=1), 900),
    "week": Range(timedelta(days=7), 10_800),
    "month": Range(timedelta(days=30), 43_200),
}


class Figure(NamedTuple):
    """One number of a time and its words."""

    title: str
    value: str


class Traffic(NamedTuple):
    """What the page shows of a range; the lists of series are the charts' legends."""

    chosen: str
    ranges: dict[str, str]
    figures: tuple[Figure, ...]
    callbacks: Chart
    callback_series: tuple[Series, ...]
    durations: Chart
    duration_series: tuple[Series, ...]
    times: tuple[str, ...]


def recent_traffic(services: Services, wanted: str | None) -> Traffic:
    """Return the traffic of a range by its name, or of the last day."""
    chosen = wanted if wanted in RANGES else USUAL
    until, (span, step) = services.clock.now(), RANGES[chosen]
    query = {"since": as_text(until - span), "until": as_text(until), "step": str(step)}
    stats = stats_view(services, {name: value for name, value in query.items() if value})
    buckets, shown, timed = stats["buckets"], _callbacks(), _durations()
    return Traffic(
        chosen,
        _titles(),
        _figures(stats["total"]),
        stacked(buckets, shown),
        shown,
        drawn_lines(buckets, timed),
        timed,
        _times(buckets, stats["until"]),
    )


def _titles() -> dict[str, str]:
    return {"hour": _("1 hour"), "day": _("24 hours"), "week": _("7 days"), "month": _("30 days")}


def _callbacks() -> tuple[Series, ...]:
    return (
        Series("good", _("taken"), lambda each: each["accepted"] + each["set_up"]),
        Series("busy", _("repeated"), lambda each: each["duplicate"]),
        Series("warn", _("refused"), lambda each: each["refused"] + each["turned_away"]),
        Series("bad", _("failed"), lambda each: each["failed"]),
    )


def _durations() -> tuple[Series, ...]:
    return (
        Series("busy", _("half within"), lambda each: _known(each["p50_ms"])),
        Series("warn", _("95 of 100 within"), lambda each: _known(each["p95_ms"])),
    )


def _known(value: float | None) -> float:
    return -1 if value is None else value


def _figures(total: Bucket) -> tuple[Figure, ...]:
    failing = total["refused"] + total["turned_away"] + total["failed"]
    return (
        Figure(_("Callbacks"), in_words(total["deliveries"])),
        Figure(_("Refused or failed"), in_words(failing)),
        Figure(_("Repeated by the platform"), in_words(total["duplicate"])),
        Figure(_("Tries that failed"), f"{total['failed_attempts']:,} / {total['attempts']:,}"),
        Figure(_("95 of 100 answered within"), _milliseconds(total["p95_ms"])),
    )


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{in_words(value)} ms"


def _times(buckets: Sequence[Bucket], until: str) -> tuple[str, ...]:
    if not buckets:
        return ()
    return buckets[0]["at"], buckets[len(buckets) // 2]["at"], until
