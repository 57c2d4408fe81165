"""What an event or a refused delivery holds, as pages show it: JSON as a tree, anything else as text, all of it bounded.

Secrets, codes, tokens, phone numbers and mail addresses are masked here; the API hands on what is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from app.core.visible import visible, visible_line
from app.security.redaction import KEPT_FIELDS, MASK, is_secret_name, redact_event, redact_text

MOST_NODES = 1_500
MOST_OF_ONE = 200
MOST_DEPTH = 24
OPEN_DEPTH = 2
LONGEST_VALUE = 2_000
LONGEST_NAME = 200
MOST_BYTES = 32_768
MOST_HEX_BYTES = 512
HEX_LINE = 16


class Node(NamedTuple):
    """One line of a tree: its name, what it holds, and how many members there are of which `children` may be the first ones."""

    name: str
    kind: str
    text: str = ""
    children: tuple[Node, ...] = ()
    size: int = 0
    is_open: bool = False

    @property
    def left_out(self) -> int:
        """How many members are not shown."""
        return self.size - len(self.children)


class Raw(NamedTuple):
    """A body as it came: text, or bytes in hexadecimal; `shown` bytes of `length`."""

    text: str
    is_text: bool
    shown: int
    length: int


def tree_of(data: Any) -> tuple[Node, ...]:
    """Return the members of a JSON value as lines of a tree."""
    root = _Trees().node("", data, 0)
    return root.children if root.children else (root,)


def raw_of(body: bytes, length: int | None = None) -> Raw:
    """Return a body as it came; `length` is that of the whole where `body` is only its beginning."""
    start = body[:MOST_BYTES]
    try:
        text = start.decode()
    except UnicodeDecodeError as error:
        # The last letter may be cut in two.
        if error.start < len(start) - 3 or len(body) <= len(start):
            return Raw(_hexadecimal(start), False, min(len(start), MOST_HEX_BYTES), length or len(body))
        text = start[: error.start].decode()
    if "\x00" in text:
        return Raw(_hexadecimal(start), False, min(len(start), MOST_HEX_BYTES), length or len(body))
    return Raw(masked_text(text), True, len(start), length or len(body))


def masked_text(text: str) -> str:
    """Return a text of several lines without what nobody may read, and without what moves or hides its neighbours."""
    return visible(redact_text(text))


def shown_text(text: object) -> str:
    """Return a short text from outside as a page shows it, on one line; nothing for None."""
    return "" if text is None else visible_line(redact_text(str(text)[:LONGEST_VALUE]))


def to_choose(values: Iterable[str]) -> list[str]:
    """Return the values that a page may offer as they are; others are found by typing a part of them."""
    return sorted({value for value in values if len(value) <= LONGEST_NAME and shown_text(value) == value})


class _Trees:
    """Makes one tree and counts its lines."""

    def __init__(self) -> None:
        self._left = MOST_NODES

    def node(self, name: str, value: Any, depth: int) -> Node:
        self._left -= 1
        shown_name = visible(name[:LONGEST_NAME])
        if isinstance(value, dict | list):
            if is_secret_name(name) and name not in KEPT_FIELDS:
                return Node(shown_name, "masked", MASK)
            return self._branch(shown_name, value, depth)
        return _leaf(shown_name, redact_event(None, "", {name: value})[name])

    def _branch(self, name: str, value: dict[str, Any] | list[Any], depth: int) -> Node:
        kind = "object" if isinstance(value, dict) else "list"
        if depth >= MOST_DEPTH:
            return Node(name, kind, size=len(value))
        children = tuple(self._members(value, depth + 1))
        return Node(name, kind, children=children, size=len(value), is_open=depth <= OPEN_DEPTH)

    def _members(self, value: dict[str, Any] | list[Any], depth: int) -> Iterator[Node]:
        members: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
        for name, item in islice(members, MOST_OF_ONE):
            if self._left <= 0:
                return
            yield self.node(str(name), item, depth)


def _leaf(name: str, value: Any) -> Node:
    if value is None or isinstance(value, bool):
        return Node(name, "word", {None: "null", True: "true", False: "false"}[value])
    if isinstance(value, int) and value.bit_length() > LONGEST_VALUE:
        return Node(name, "number", f"{value:#x}"[:LONGEST_VALUE])
    if isinstance(value, int | float):
        return Node(name, "number", str(value))
    text = str(value)
    cut = text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
    return Node(name, "text", visible(cut))


def _hexadecimal(body: bytes) -> str:
    lines = (body[at : at + HEX_LINE] for at in range(0, min(len(body), MOST_HEX_BYTES), HEX_LINE))
    return "\n".join(line.hex(" ") for line in lines)
