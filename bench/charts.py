"""Bar charts as small SVG files, readable on light and on dark ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

WIDTH, LABELS, RIGHT = 900, 360, 90
TOP, ROW, BAR, BOTTOM = 56, 28, 18, 62
TICKS = 5
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .small { font-size: 12px; fill: #59636e; }
  .grid { stroke: #d1d9e0; }
  .mark { stroke: #bc4c00; stroke-width: 2; stroke-dasharray: 5 4; }
  .ours { fill: #0969da; }
  .peer { fill: #818b98; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .small { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .mark { stroke: #f0883e; }
    .ours { fill: #4493f8; }
    .peer { fill: #656c76; }
  }
"""


@dataclass(frozen=True)
class Bar:
    """One bar; ours are coloured differently from what they are measured beside."""

    label: str
    value: float
    is_ours: bool = True


@dataclass(frozen=True)
class Mark:
    """A line across the bars, such as a floor or an aim."""

    label: str
    value: float


def bar_chart(title: str, axis: str, bars: Sequence[Bar], marks: Sequence[Mark] = ()) -> str:
    """Return a horizontal bar chart with a labelled axis that begins at zero."""
    most = max([*(bar.value for bar in bars), *(mark.value for mark in marks)], default=0.0) or 1.0
    step = _step(most)
    end = step * (floor(most / step) + 1)
    height = TOP + ROW * len(bars) + BOTTOM
    bottom = TOP + ROW * len(bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="16" y="28">{escape(title)}</text>',
        *_grid(step, end, bottom),
    ]
    for number, bar in enumerate(bars):
        parts += _bar(bar, TOP + ROW * number, end)
    for number, mark in enumerate(marks):
        parts += _mark(mark, end, bottom, number)
    middle = (LABELS + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{bottom + 38}" text-anchor="middle">{escape(axis)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _step(most: float) -> float:
    """Return a round distance that gives about five ticks."""
    rough = most / TICKS
    power: float = 10.0 ** floor(log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def _x(value: float, end: float) -> float:
    return LABELS + (WIDTH - LABELS - RIGHT) * value / end


def _grid(step: float, end: float, bottom: int) -> list[str]:
    parts = []
    for number in range(round(end / step) + 1):
        x = _x(number * step, end)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}"/>')
        label = number_text(number * step)
        parts.append(f'<text class="small" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
    return parts


def _bar(bar: Bar, y: int, end: float) -> list[str]:
    kind = "ours" if bar.is_ours else "peer"
    x = _x(bar.value, end)
    return [
        f'<text x="{LABELS - 8}" y="{y + 14}" text-anchor="end">{escape(bar.label)}</text>',
        f'<rect class="{kind}" x="{LABELS}" y="{y}" width="{x - LABELS:.1f}" height="{BAR}" rx="2"/>',
        f'<text class="small" x="{x + 6:.1f}" y="{y + 14}">{number_text(bar.value)}</text>',
    ]


def _mark(mark: Mark, end: float, bottom: int, number: int) -> list[str]:
    x = _x(mark.value, end)
    anchor = "end" if number % 2 == 0 else "start"
    shift = -5 if anchor == "end" else 5
    return [
        f'<line class="mark" x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}"/>',
        f'<text class="small" x="{x + shift:.1f}" y="{TOP - 12}" text-anchor="{anchor}">{escape(mark.label)}</text>',
    ]


def number_text(value: float) -> str:
    """Return a number with as many digits as it deserves."""
    if value == 0:
        return "0"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"
