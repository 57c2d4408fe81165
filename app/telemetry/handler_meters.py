"""What handlers count and observe: names of theirs, bounded in number, labels and length.

A name that cannot be used is the handler's mistake and is told to it; what only becomes too much is counted as `other`.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Mapping

import structlog

from app.core.visible import visible
from app.telemetry.counts import OTHER, Labels, Series, Snapshot, add_to_spread, copied, empty_spread
from app.telemetry.families import HANDLER_PREFIX, Kind

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
KEPT_NAMES = frozenset({"le", "quantile", "job", "instance"})
"""Labels that Prometheus itself gives a meaning."""

MOST_NAMES = 100
MOST_LABELS = 5
MOST_SERIES = 100
LONGEST_VALUE = 64

log = structlog.get_logger(__name__)


class HandlerMeters:
    """What the handlers of one process counted; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: Snapshot = {}
        self._is_told = False
        self.changes = 0
        """As of Meters."""

    def count(self, name: str, labels: Mapping[str, object], by: float = 1.0) -> None:
        """Add to a count; raises ValueError for a name or labels that cannot be used, or another kind of use of a name."""
        if not (_is_number(by) and by >= 0):
            raise ValueError(f"{name} can be counted up by a number from 0 on, not by {by!r}")
        names, values = _checked(name, labels)
        with self._lock:
            series = self._find(f"{HANDLER_PREFIX}{name}_total", Kind.COUNTER, names)
            if series is not None:
                values = _among(series, values)
                series.values[values] = series.values.get(values, 0.0) + float(by)  # type: ignore[operator]
                self.changes += 1

    def observe(self, name: str, value: float) -> None:
        """Put a value into a histogram; raises ValueError as `count` does."""
        if not _is_number(value):
            raise ValueError(f"{name} can observe a number, not {value!r}")
        _checked(name, {})
        with self._lock:
            series = self._find(f"{HANDLER_PREFIX}{name}", Kind.HISTOGRAM, ())
            if series is not None:
                add_to_spread(series.values.setdefault((), empty_spread()), float(value))  # type: ignore[arg-type]
                self.changes += 1

    def snapshot(self) -> Snapshot:
        """Return a copy of what was counted."""
        with self._lock:
            return {
                name: Series(each.kind, each.labels, copied(each.values))
                for name, each in self._series.items()
            }

    def _find(self, name: str, kind: Kind, labels: tuple[str, ...]) -> Series | None:
        """Return a metric, a new one where it is the first use; None when there are too many already."""
        found = self._series.get(name)
        if found is None:
            if len(self._series) >= MOST_NAMES:
                self._tell(name)
                return None
            found = self._series[name] = Series(kind, labels, {})
        if found.labels != labels:
            raise ValueError(
                f"{name} was counted with the labels {', '.join(found.labels) or 'none'} before; "
                "use the same ones each time"
            )
        return found

    def _tell(self, name: str) -> None:
        if not self._is_told:
            log.warning("handler_metrics_too_many", most=MOST_NAMES, first_left_out=name)
        self._is_told = True


def _checked(name: str, labels: Mapping[str, object]) -> tuple[tuple[str, ...], Labels]:
    if not isinstance(name, str) or not NAME.fullmatch(name) or name.endswith("_total"):
        raise ValueError(
            f"{name!r} is no name for a metric: a-z, 0-9 and _, 64 characters at most, without _total at its end"
        )
    if len(labels) > MOST_LABELS:
        raise ValueError(f"{name} has {len(labels)} labels; {MOST_LABELS} are the most")
    for label in labels:
        if not NAME.fullmatch(label) or label in KEPT_NAMES or label.startswith("__"):
            raise ValueError(f"{label!r} is no name for a label of {name}")
    pairs = sorted(labels.items())
    return tuple(label for label, _ in pairs), tuple(_text(value) for _, value in pairs)


def _text(value: object) -> str:
    return visible(str(value)[:LONGEST_VALUE])[:LONGEST_VALUE]


def _among(series: Series, values: Labels) -> Labels:
    """Return the labels to count under: beyond the bound everything is one."""
    if values in series.values or len(series.values) < MOST_SERIES:
        return values
    return tuple(OTHER for _ in values)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
