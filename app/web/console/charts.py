"""Charts of traffic as plain geometry: bars and lines in a box of WIDTH × HEIGHT, which a template draws as SVG. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 440, 150, 40, 8, 10
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT, HEIGHT - BOTTOM - TOP
GRID_LINES = 4

Bucket = Mapping[str, Any]


class Series(NamedTuple):
    """What one colour of a chart shows: its tone, its words, and its value in a bucket."""

    tone: str
    title: str
    value: Callable[[Bucket], float]


class Rect(NamedTuple):
    """One piece of a bar."""

    tone: str
    x: float
    y: float
    width: float
    height: float


class Bar(NamedTuple):
    """The pieces of one step, the whole of its place (for the pointer), when it began, and its values in words."""

    at: str
    x: float
    width: float
    pieces: tuple[Rect, ...]
    values: tuple[tuple[str, str], ...]


class Line(NamedTuple):
    """One line; it breaks where nothing is known."""

    tone: str
    parts: tuple[str, ...]


class Mark(NamedTuple):
    """A word at a place of an axis."""

    text: str
    x: float
    y: float


class Chart(NamedTuple):
    """All of a chart; `highest` is what the top of the box stands for, and 0 when there is nothing to see."""

    highest: float
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    scale: tuple[Mark, ...]


def stacked(buckets: Sequence[Bucket], series: Sequence[Series]) -> Chart:
    """Return bars whose pieces stand on each other in the order of the series."""
    most = max((sum(each.value(bucket) for each in series) for bucket in buckets), default=0)
    highest = rounded_up(most)
    bars = tuple(_bar(number, len(buckets), bucket, series, highest) for number, bucket in enumerate(buckets))
    return Chart(highest if most else 0, bars, (), _scale(highest))


def drawn_lines(buckets: Sequence[Bucket], series: Sequence[Series]) -> Chart:
    """Return a line for each series; a value of -1 is none. The bars hold values for the pointer and have no pieces."""
    most = max((each.value(bucket) for bucket in buckets for each in series), default=0)
    highest = rounded_up(most)
    bars = tuple(_bar(number, len(buckets), bucket, series, 0) for number, bucket in enumerate(buckets))
    lines = tuple(Line(each.tone, _parts(buckets, each, highest)) for each in series)
    return Chart(highest if most > 0 else 0, bars, lines, _scale(highest))


def rounded_up(most: float) -> float:
    """Return the next of 1, 2, 4, 8 or 10 times a power of ten, so that a quarter of it can be read; 4 at least."""
    power = 1.0
    while True:
        for step in (4, 8, 10, 20):
            if most <= step * power:
                return step * power
        power *= 10


def in_words(value: float) -> str:
    """Return a number as a person reads it."""
    if value < 0:
        return "–"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _bar(number: int, count: int, bucket: Bucket, series: Sequence[Series], highest: float) -> Bar:
    place = PLOT_WIDTH / count
    gap = min(2.0, place / 4)
    x, pieces, floor = LEFT + number * place, list[Rect](), float(HEIGHT - BOTTOM)
    for each in series if highest else ():
        height = PLOT_HEIGHT * each.value(bucket) / highest
        if height:
            height = max(height, 1.0)
            pieces.append(Rect(each.tone, _r(x + gap / 2), _r(floor - height), _r(place - gap), _r(height)))
            floor -= height
    values = tuple((each.title, in_words(each.value(bucket))) for each in series)
    return Bar(bucket["at"], _r(x), _r(place), tuple(pieces), values)


def _parts(buckets: Sequence[Bucket], series: Series, highest: float) -> tuple[str, ...]:
    place, parts, current = PLOT_WIDTH / max(len(buckets), 1), list[list[str]](), list[str]()
    for number, bucket in enumerate(buckets):
        value = series.value(bucket)
        if value < 0:
            parts, current = [*parts, current], []
            continue
        y = HEIGHT - BOTTOM - PLOT_HEIGHT * value / highest
        current.append(f"{_r(LEFT + (number + 0.5) * place)},{_r(y)}")
    # One point alone is drawn as a short line, else nobody would see it.
    return tuple(
        " ".join(part if len(part) > 1 else [part[0], _beside(part[0])]) for part in [*parts, current] if part
    )


def _beside(point: str) -> str:
    x, y = point.split(",")
    return f"{_r(float(x) + 2)},{y}"


def _scale(highest: float) -> tuple[Mark, ...]:
    steps = range(GRID_LINES + 1)
    return tuple(
        Mark(
            in_words(highest * step / GRID_LINES),
            LEFT - 6,
            _r(HEIGHT - BOTTOM - PLOT_HEIGHT * step / GRID_LINES),
        )
        for step in steps
    )


def _r(value: float) -> float:
    return round(value, 1)
