"""Meters as Prometheus reads them, in its text format or in OpenMetrics, whichever the caller asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from app.telemetry.counts import PLACES, Labels, Series, Snapshot
from app.telemetry.families import (
    BOUNDS,
    COUNTED,
    HANDLER_COUNT_HELP,
    HANDLER_OBSERVE_HELP,
    Family,
    Kind,
)

ENDS = [*(str(bound) for bound in BOUNDS), "+Inf"]


class Measured(NamedTuple):
    """A metric that was asked for just now."""

    family: Family
    values: tuple[tuple[Labels, float], ...]


class _Scrape(Collector):
    """What is told at one scrape."""

    def __init__(self, counted: Snapshot, asked: Iterable[Measured]):
        self._counted = counted
        self._asked = tuple(asked)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, ours first, those of handlers last."""
        known = {family.name: family for family in COUNTED}
        for family in COUNTED:
            if family.is_exported and family.name in self._counted:
                yield _metric(family, self._counted[family.name])
        for family, values in self._asked:
            gauge = GaugeMetricFamily(family.name, family.help, labels=family.labels)
            for labels, value in values:
                gauge.add_metric(labels, value)
            yield gauge
        for name, series in sorted(self._counted.items()):
            if name not in known:
                told = HANDLER_COUNT_HELP if series.kind is Kind.COUNTER else HANDLER_OBSERVE_HELP
                yield _metric(Family(name, series.kind, series.labels, told), series)


def exposition(counted: Snapshot, asked: Iterable[Measured], accept: str) -> tuple[bytes, str]:
    """Return the text of a scrape and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape(counted, asked))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _metric(family: Family, series: Series) -> Metric:
    if family.kind is Kind.COUNTER:
        counter = CounterMetricFamily(family.name, family.help, labels=family.labels)
        for labels, value in sorted(series.values.items()):
            counter.add_metric(labels, value)  # type: ignore[arg-type]
        return counter
    histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for labels, spread in sorted(series.values.items()):
        if isinstance(spread, list) and len(spread) == PLACES + 1:
            histogram.add_metric(labels, buckets=_running(spread), sum_value=spread[PLACES])
    return histogram


def _running(spread: list[float]) -> list[tuple[str, float]]:
    """Return how many values were at most each bucket's end."""
    total, buckets = 0.0, []
    for end, count in zip(ENDS, spread[:PLACES], strict=True):
        total += count
        buckets.append((end, total))
    return buckets
