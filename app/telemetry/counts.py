"""Counts as values: what was counted under which labels, copied and added up. Nothing is counted here."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

from app.telemetry.families import BOUNDS, Kind

OTHER = "other"
"""What stands for everything beyond a bound."""

PLACES = len(BOUNDS) + 1
"""Of a histogram's list: one for each bucket; behind them is the sum."""

Labels = tuple[str, ...]
Value = float | list[float]
"""A count, or a histogram's buckets and sum."""


class Series(NamedTuple):
    """A metric with what was counted under each set of labels."""

    kind: Kind
    labels: tuple[str, ...]
    values: dict[Labels, Value]


Snapshot = dict[str, Series]


def empty_spread() -> list[float]:
    """Return a histogram without anything in it."""
    return [0.0] * (PLACES + 1)


def add_to_spread(spread: list[float], value: float) -> None:
    """Count a value in its bucket."""
    spread[bisect_left(BOUNDS, value)] += 1.0
    spread[PLACES] += value


def copied(values: Mapping[Labels, Value]) -> dict[Labels, Value]:
    """Return values that do not change any more."""
    return {
        labels: list(value) if isinstance(value, list) else value for labels, value in list(values.items())
    }


def add_snapshot(total: Snapshot, more: Snapshot) -> None:
    """Add one process's counts to those of others; what another version counts under other labels is left out."""
    for name, series in more.items():
        into = total.setdefault(name, Series(series.kind, series.labels, {}))
        if (into.kind, into.labels) != (series.kind, series.labels):
            continue
        for labels, value in series.values.items():
            into.values[labels] = added(into.values.get(labels), value)


def added(first: Value | None, second: Value) -> Value:
    """Return the sum of two counts, or of two histograms."""
    if isinstance(second, list):
        old = first if isinstance(first, list) else [0.0] * len(second)
        # Another version may have other buckets, and lives for a moment beside this one.
        return [a + b for a, b in zip(old, second, strict=True)] if len(old) == len(second) else old
    return (first if isinstance(first, float) else 0.0) + second
