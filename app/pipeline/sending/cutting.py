"""Texts that a channel will not have at their length, cut with a mark that says how much is missing. Pure but for the question asked.

For what nobody can be asked to shorten: a notification. Whoever sends a message by hand hears that it is too long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from app.core.errors import RequestError
from app.wire.texts.graphemes import last_boundary

T = TypeVar("T")

TOO_LONG = "text_too_long"
HALVINGS = 14
REFINEMENTS = 3
FENCE = "```"


def with_cut_text(text: str, format: str, say: Callable[[str], T]) -> T:
    """Return what `say` makes of a text, or of as much of it as it takes; raises its RequestError where nothing helps."""
    try:
        return say(text)
    except RequestError as error:
        if error.code != TOO_LONG:
            raise
        refused = error
    length = len(text)
    for _ in range(HALVINGS):
        length //= 2
        try:
            best = say(cut_at(text, length, format))
        except RequestError as error:
            refused = error
            continue
        return _longest(text, format, say, length, best)
    raise refused


def _longest(text: str, format: str, say: Callable[[str], T], length: int, best: T) -> T:
    """Return what comes of the longest of a few more lengths between what fits and twice as much."""
    step = length // 2
    for _ in range(REFINEMENTS):
        try:
            best = say(cut_at(text, length + step, format))
            length += step
        except RequestError:
            pass
        step //= 2
    return best


def cut_at(text: str, length: int, format: str) -> str:
    """Return the beginning of a text, ended at a line where one is near, and the mark; what it left open is closed."""
    kept = text[: last_boundary(text, length)] if length else ""
    at_line = kept.rpartition("\n")[0]
    kept = at_line if len(at_line) > length * 3 // 4 else kept
    if format == "html":
        opened, tag, _ = kept.rpartition("<")
        kept = opened if tag and ">" not in kept[len(opened) :] else kept
    mark = f"… (+{len(text) - len(kept):,})"
    if format == "html":
        return f"{kept}<p>{mark}</p>"
    if format == "markdown" and kept.count(FENCE) % 2:
        kept = f"{kept}\n{FENCE}"
    return f"{kept}\n\n{mark}"
