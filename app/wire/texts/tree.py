"""What a text says, as a tree: blocks that hold blocks or inlines. Values only; they never know how they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

DEEPEST: Final = 20
"""Levels of lists and quotes, and of styles inside one another. What is deeper is shown without its own mark."""

Style = Literal["bold", "italic", "strike"]


@dataclass(frozen=True, slots=True)
class Text:
    """Words as a person reads them."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A few words of code within a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a line within a paragraph."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture at a public address, with the words that stand for it."""

    address: str
    text: str


@dataclass(frozen=True, slots=True)
class Styled:
    """Inlines in one style."""

    style: Style
    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """Inlines that lead to an address."""

    address: str
    children: tuple[Inline, ...]


Inline = Text | Code | Break | Image | Styled | Link


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of words."""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` is 1 to 6."""

    level: int
    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Lines of code, kept as they are."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Blocks that somebody else said."""

    children: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list. `goes_on` is true for the rest of an item whose beginning is in the part before: it has no mark."""

    children: tuple[Block, ...]
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list. `start` is the number of its first item, None for bullets."""

    items: tuple[Item, ...]
    start: int | None = None


Row = tuple[tuple[Inline, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has as many cells as the header."""

    header: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


Block = Paragraph | Heading | CodeBlock | Quote | Items | Table | Rule


def words(inlines: tuple[Inline, ...]) -> str:
    """Return the words of inlines without their marks; an image is one sign (U+FFFC), because it is never cut."""
    said: list[str] = []
    for inline in inlines:
        match inline:
            case Text(text) | Code(text):
                said.append(text)
            case Break():
                said.append("\n")
            case Image():
                said.append("\ufffc")
            case Styled(_, children) | Link(_, children):
                said.append(words(children))
    return "".join(said)
