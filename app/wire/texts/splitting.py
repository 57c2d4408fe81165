"""Where a text that is too long for one part is cut: between blocks, items and rows, else between sentences and words.

The tree is cut, never what was written from it: styles, fences, quotes and lists are closed and opened again by being
written. How much room there is, a function says that measures what was written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from app.wire.texts.cuts import beginning, best_place, cut, without_edges
from app.wire.texts.graphemes import last_boundary
from app.wire.texts.tables import table_as_lines
from app.wire.texts.tree import Block, CodeBlock, Heading, Item, Items, Paragraph, Quote, Table, words

Blocks = tuple[Block, ...]
Fits = Callable[[Blocks], bool]
"""Says whether a part that consists of these blocks, and of what is in it already, is short enough."""

Halves = tuple[Block, Blocks]
"""What fits of a block, and what is left of it."""

Lines = TypeVar("Lines", Paragraph, Heading)


def take(blocks: Blocks, fits: Fits, *, dense: bool) -> tuple[Blocks, Blocks] | None:
    """Return what goes into the next part and what is left; None where nothing fits.

    A block that would fit into a part of its own is not cut, unless `dense` asks for few parts.
    """
    count = _most(len(blocks), lambda number: fits(blocks[:number]))
    whole, left = blocks[:count], blocks[count:]
    if not left:
        return blocks, ()
    if not whole or dense or not fits(left[:1]):
        halves = _halve(left[0], lambda block: fits((*whole, block)), dense=dense)
        if halves is not None:
            return (*whole, halves[0]), (*halves[1], *left[1:])
    if count > 1 and isinstance(whole[-1], Heading):
        return whole[:-1], (whole[-1], *left)
    return (whole, left) if whole else None


def _most(longest: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number that fits, by doubling and then halving the step: what is far too long is never written."""
    step = 1
    while step < longest and fits(step):
        step *= 2
    low, high = step // 2, min(step, longest)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _halve(block: Block, fits: Callable[[Block], bool], *, dense: bool) -> Halves | None:
    match block:
        case Paragraph():
            return _halve_lines(block, fits)
        case Heading():
            return _halve_lines(block, fits)
        case CodeBlock():
            return _halve_code(block, fits)
        case Quote(children):
            taken = take(children, lambda part: fits(Quote(part)), dense=dense)
            return taken and (Quote(taken[0]), (Quote(taken[1]),))
        case Items():
            return _halve_items(block, fits, dense=dense)
        case Table():
            return _halve_table(block, fits)
        case _:
            return None


def _halve_lines(block: Lines, fits: Callable[[Block], bool]) -> Halves | None:
    text = words(block.children)

    def first(number: int) -> Lines:
        return replace(block, children=beginning(block.children, number))

    place = best_place(text, _most(len(text), lambda number: fits(first(number))))
    while place > 0 and not fits(first(place)):
        place = last_boundary(text, place - 1)
    if place == 0:
        return None
    head, tail = cut(block.children, place)
    rest = without_edges(tail, text[place:])
    return replace(block, children=without_edges(head, text[:place])), (
        (replace(block, children=rest),) if rest else ()
    )


def _halve_code(block: CodeBlock, fits: Callable[[Block], bool]) -> Halves | None:
    lines = block.text.split("\n")
    count = _most(len(lines), lambda number: fits(replace(block, text="\n".join(lines[:number]))))
    if count:
        place = len("\n".join(lines[:count]))
        return replace(block, text=block.text[:place]), (replace(block, text=block.text[place + 1 :]),)
    room = _most(len(lines[0]), lambda number: fits(replace(block, text=lines[0][:number])))
    place = last_boundary(lines[0], room)
    if place == 0:
        return None
    return replace(block, text=block.text[:place]), (replace(block, text=block.text[place:]),)


def _halve_items(block: Items, fits: Callable[[Block], bool], *, dense: bool) -> Halves | None:
    count = _most(len(block.items), lambda number: fits(replace(block, items=block.items[:number])))
    whole, left = block.items[:count], block.items[count:]
    if not whole or dense or not fits(replace(block, items=left[:1])):
        item = left[0]
        taken = take(
            item.children,
            lambda part: fits(replace(block, items=(*whole, replace(item, children=part)))),
            dense=dense,
        )
        if taken is not None:
            whole = (*whole, replace(item, children=taken[0]))
            left = (Item(taken[1], goes_on=True), *left[1:])
    if not whole:
        return None
    return replace(block, items=whole), (replace(block, items=left, start=_next_number(block, whole)),)


def _next_number(block: Items, whole: tuple[Item, ...]) -> int | None:
    if block.start is None:
        return None
    return block.start + sum(not item.goes_on for item in whole)


def _halve_table(block: Table, fits: Callable[[Block], bool]) -> Halves | None:
    count = _most(len(block.rows), lambda number: fits(replace(block, rows=block.rows[:number])))
    if count:
        return replace(block, rows=block.rows[:count]), (replace(block, rows=block.rows[count:]),)
    rest: Blocks = (replace(block, rows=block.rows[1:]),) if block.rows[1:] else ()
    lines = table_as_lines(replace(block, rows=block.rows[:1]))[0]
    if fits(lines):
        return lines, rest
    halves = _halve_lines(lines, fits)
    return halves and (halves[0], (*halves[1], *rest))
