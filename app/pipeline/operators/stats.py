"""Traffic over time as operators see it: how many callbacks, how they ended, how long they took, in steps of one length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.core.errors import RequestError
from app.core.moments import as_text, iso_moment
from app.core.storable import is_storable
from app.pipeline.services import Services
from app.storage.database.db import EPOCH
from app.storage.traffic import BUCKETS, COUNTS, Sums, sum_traffic
from app.telemetry.families import BOUNDS

MOST_STEPS = 2_000
USUAL_SPAN = timedelta(days=1)
STEPS = (60, 300, 900, 3_600, 21_600, 86_400)
"""Seconds; where nobody names one, the first of which there are not more than USUAL_STEPS."""

USUAL_STEPS = 300
BY_THE_MINUTE = timedelta(days=2)
"""What is older is kept by the hour."""

HOUR = 3_600
LONGEST_CHANNEL = 64
NOTHING = (0,) * len(COUNTS)
NAMED = COUNTS[: -len(BUCKETS)]
TAKEN = ("accepted", "duplicate", "set_up", "refused", "turned_away", "failed")


def traffic(
    services: Services, since: datetime, until: datetime, step: int, channel: str | None = None
) -> list[dict[str, Any]]:
    """Return a bucket for each step of so many seconds, those without traffic too, oldest first; raises RequestError."""
    step = _checked_step(services, since, until, step)
    return _buckets(_sums(services, since, until, step, channel), since, until, step)


def _sums(services: Services, since: datetime, until: datetime, step: int, channel: str | None) -> list[Sums]:
    with services.database.read() as tx:
        return sum_traffic(tx, since=_floor(since, step), until=until, step=step, channel=channel)


def _buckets(sums: Sequence[Sums], since: datetime, until: datetime, step: int) -> list[dict[str, Any]]:
    found = {each.start: each.counts for each in sums}
    start = _floor(since, step)
    count = -(-int((until - start).total_seconds()) // step)
    moments = (start + timedelta(seconds=step * number) for number in range(count))
    return [{"at": as_text(at), **bucket(found.get(at, NOTHING))} for at in moments]


def stats_view(services: Services, wanted: Mapping[str, str]) -> dict[str, Any]:
    """Return the traffic that parameters ask for (`since`, `until`, `step` in seconds, `channel`) and its sums; raises RequestError."""
    now = services.clock.now()
    until = _moment("until", wanted.get("until")) or now
    since = _moment("since", wanted.get("since")) or until - USUAL_SPAN
    channel = wanted.get("channel") or None
    if channel is not None and not is_storable(channel, LONGEST_CHANNEL):
        raise RequestError("bad_channel", "channel must be the name of a channel.")
    step = _step(wanted.get("step"), until - since)
    step = _checked_step(services, since, until, step)
    sums = _sums(services, since, until, step, channel)
    total = tuple(map(sum, zip(NOTHING, *(each.counts for each in sums), strict=True)))
    return {
        "since": as_text(_floor(since, step)),
        "until": as_text(until),
        "step": step,
        "channel": channel,
        "total": bucket(total),
        "buckets": _buckets(sums, since, until, step),
    }


def bucket(counts: Sequence[int]) -> dict[str, Any]:
    """Return counts by their names, with how many callbacks these were and how long half and 95 of 100 of them took at most."""
    named = dict(zip(COUNTS, counts, strict=True))
    spread = [named[name] for name in BUCKETS]
    return {
        "deliveries": sum(named[name] for name in TAKEN),
        **{name: named[name] for name in NAMED},
        "p50_ms": _percentile(spread, 0.5),
        "p95_ms": _percentile(spread, 0.95),
    }


def _percentile(spread: Sequence[int], share: float) -> float | None:
    """Return milliseconds within which that share was done, as near as the buckets tell; None when there is nothing."""
    total = sum(spread)
    if not total:
        return None
    wanted, below, lower = share * total, 0, 0.0
    for count, upper in zip(spread, BOUNDS, strict=False):
        if count and below + count >= wanted:
            return round((lower + (upper - lower) * (wanted - below) / count) * 1000, 2)
        below, lower = below + count, upper
    return BOUNDS[-1] * 1000


def _step(text: str | None, span: timedelta) -> int:
    if text is None:
        return next((each for each in STEPS if span.total_seconds() / each <= USUAL_STEPS), STEPS[-1])
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 7):  # noqa: PLR2004 - digits of four months
        raise _bad_step()
    return int(text)


def _checked_step(services: Services, since: datetime, until: datetime, step: int) -> int:
    """Return a step that can be answered: whole minutes, and hours where only hours are kept."""
    if since >= until:
        raise RequestError("bad_time", "since must be before until.")
    if step < STEPS[0] or step % STEPS[0]:
        raise _bad_step()
    if since < services.clock.now() - BY_THE_MINUTE:
        step = -(-step // HOUR) * HOUR
    if (until - since).total_seconds() / step > MOST_STEPS:
        raise RequestError(
            "bad_step", f"{MOST_STEPS} steps are the most; take a longer step or a shorter time."
        )
    return step


def _bad_step() -> RequestError:
    return RequestError("bad_step", "step must be a number of seconds, whole minutes such as 60 or 3600.")


def _moment(name: str, text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return iso_moment(text)
    except ValueError:
        raise RequestError(
            "bad_time",
            f"{name} must be a time such as 2026-01-31T08:00:00Z; in an address a + is written %2B.",
        ) from None


def _floor(moment: datetime, step: int) -> datetime:
    return moment - (moment - EPOCH) % timedelta(seconds=step)
