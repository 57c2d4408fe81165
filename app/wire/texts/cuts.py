"""Words cut in two: which place is a good one, and the two halves with their styles closed and opened again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.wire.texts.graphemes import last_boundary
from app.wire.texts.tree import Break, Code, Image, Inline, Link, Styled, Text

ENDS: Final[Sequence[tuple[tuple[str, ...], float]]] = (
    (("\n\n",), 0.5),
    (("\n",), 0.5),
    (("。", "！", "？", "；", ". ", "! ", "? ", "; "), 0.5),
    ((" ", "\t", "，", "、", "："), 0.25),
)
"""What ends a passage, the best first, and which share of the room must be used at least to cut there."""

CLOSING: Final = "”’」』）】》)\"'"


def best_place(text: str, most: int) -> int:
    """Return where to cut a text that has room for `most` signs: behind a line, a sentence, a word, else between signs."""
    if most >= len(text):
        return len(text)
    for ends, share in ENDS:
        found = max(_behind(text, end, int(most * share), most) for end in ends)
        if found > 0:
            return last_boundary(text, found) or last_boundary(text, most)
    return last_boundary(text, most)


def _behind(text: str, end: str, least: int, most: int) -> int:
    at = text.rfind(end, least, most)
    if at < 0:
        return 0
    at += len(end)
    return at + 1 if at < most and text[at] in CLOSING else at


def cut(inlines: tuple[Inline, ...], at: int) -> tuple[tuple[Inline, ...], tuple[Inline, ...]]:
    """Return the first `at` signs of inlines and the rest; what is open at the cut is closed and opened again."""
    number, room = _cut_one(inlines, at)
    if number == len(inlines):
        return inlines, ()
    first, second = _halves(inlines[number], room)
    return (*inlines[:number], *([first] if room else [])), (second, *inlines[number + 1 :])


def beginning(inlines: tuple[Inline, ...], at: int) -> tuple[Inline, ...]:
    """Return the first `at` signs of inlines."""
    number, room = _cut_one(inlines, at)
    return (*inlines[:number], _halves(inlines[number], room)[0]) if room else inlines[:number]


def _cut_one(inlines: tuple[Inline, ...], at: int) -> tuple[int, int]:
    """Return which inline a cut goes through, and how many of its signs are before it."""
    for number, inline in enumerate(inlines):
        size = length(inline)
        if at < size:
            return number, at
        at -= size
    return len(inlines), 0


def length(inline: Inline) -> int:
    """Return how many signs of `words` one inline has."""
    match inline:
        case Text(text) | Code(text):
            return len(text)
        case Break() | Image():
            return 1
        case Styled(_, children) | Link(_, children):
            return sum(map(length, children))


def _halves(inline: Inline, at: int) -> tuple[Inline, Inline]:
    match inline:
        case Text(text):
            return Text(text[:at]), Text(text[at:])
        case Code(text):
            return Code(text[:at]), Code(text[at:])
        case Styled(style, children):
            first, second = cut(children, at)
            return Styled(style, first), Styled(style, second)
        case Link(address, children):
            first, second = cut(children, at)
            return Link(address, first), Link(address, second)
        case _:
            return Text(""), inline


def without_edges(inlines: tuple[Inline, ...], text: str) -> tuple[Inline, ...]:
    """Return inlines, whose words are `text`, without blanks and ends of lines at either end."""
    end = len(text.rstrip())
    begin = len(text) - len(text.lstrip())
    if end == 0:
        return ()
    kept = beginning(inlines, end) if end < len(text) else inlines
    return cut(kept, begin)[1] if begin else kept
