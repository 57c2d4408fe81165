"""HTML as a tree of elements, by the standard library's tolerant reader: what is not closed is closed, nothing is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

DEEPEST: Final = 60
"""Elements inside one another; deeper ones are left out, their words stay."""

VOID: Final = frozenset(
    [
        "br",
        "img",
        "hr",
        "input",
        "meta",
        "link",
        "wbr",
        "col",
        "source",
        "embed",
        "area",
        "base",
        "track",
        "param",
    ]
)
PARTED: Final = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
    "td": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
    "th": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
    "p": (frozenset({"p"}), frozenset({"li", "td", "th", "blockquote", "div"})),
}
"""Elements that end another one of their kind, and within which they don't."""


@dataclass(slots=True)
class Element:
    """One element with its attributes and what is inside: elements and words."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def words(self) -> str:
        """Return everything that is said inside, as it is written."""
        return "".join(
            child if isinstance(child, str) else "\n" if child.name == "br" else child.words()
            for child in self.children
        )


def read_elements(text: str) -> Element:
    """Return a root element with everything in it."""
    reader = ElementReader()
    reader.feed(text)
    reader.close()
    return reader.root


class ElementReader(HTMLParser):
    """Builds elements; what is open is on a stack."""

    def __init__(self) -> None:
        """Begins with a root."""
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Open an element, and end what it ends."""
        if tag in PARTED:
            self._end_first(*PARTED[tag])
        element = Element(tag, {name: value or "" for name, value in attrs})
        if len(self.open) < DEEPEST or tag in VOID:
            self.open[-1].children.append(element)
            if tag not in VOID:
                self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Take `<br/>`; HTML takes the slash of others for nothing."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Close an element with everything that is still open in it."""
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].name == tag:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        """Take words."""
        self.open[-1].children.append(data)

    def _end_first(self, ended: frozenset[str], within: frozenset[str]) -> None:
        for depth in range(len(self.open) - 1, 0, -1):
            name = self.open[depth].name
            if name in within:
                return
            if name in ended:
                del self.open[depth:]
                return
