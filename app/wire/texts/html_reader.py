"""HTML read into the tree of a text. Scripts, styles and heads are passed; unknown elements are their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from app.wire.texts.addresses import allowed
from app.wire.texts.cuts import without_edges
from app.wire.texts.html_elements import Element, read_elements
from app.wire.texts.tree import (
    DEEPEST,
    Block,
    Break,
    Code,
    CodeBlock,
    Heading,
    Image,
    Inline,
    Item,
    Items,
    Link,
    Paragraph,
    Quote,
    Row,
    Rule,
    Style,
    Styled,
    Table,
    Text,
    words,
)

Nodes = Sequence[Element | str]

STYLES: Final[dict[str, Style]] = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strike",
    "del": "strike",
    "strike": "strike",
}
WITHOUT_WORDS: Final = frozenset({"script", "style", "head", "title", "template"})
LINES: Final = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "figure",
        "figcaption",
        "address",
        "dl",
        "dt",
        "dd",
        "details",
        "summary",
    ]
)
"""Elements that begin and end a paragraph."""

MOST_DIGITS: Final = 9
HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}


def read_html(text: str) -> tuple[Block, ...]:
    """Return the tree of a text in HTML."""
    return _blocks(read_elements(text).children, 0)


def _blocks(nodes: Nodes, depth: int) -> tuple[Block, ...]:
    flow = Flow(depth)
    flow.add(nodes)
    flow.end_paragraph()
    return tuple(flow.blocks)


class Flow:
    """Collects words into paragraphs until a block begins."""

    def __init__(self, depth: int):
        """Begins with nothing; `depth` is how many lists and quotes are around it."""
        self.depth = depth
        self.blocks: list[Block] = []
        self.line: list[Inline] = []

    def add(self, nodes: Nodes) -> None:
        """Take what stands in an element."""
        for node in nodes:
            block = None if isinstance(node, str) else self._block(node)
            if block is not None:
                self.end_paragraph()
                self.blocks.append(block)
            elif isinstance(node, Element) and node.name in LINES:
                self.end_paragraph()
                self.add(node.children)
                self.end_paragraph()
            elif isinstance(node, Element) and _is_transparent(node):
                self.add(node.children)
            else:
                _say(node, self.line)

    def end_paragraph(self) -> None:
        """Make a paragraph of the words so far, where there are any."""
        children = _trimmed(self.line)
        if children:
            self.blocks.append(Paragraph(children))
        self.line = []

    def _block(self, element: Element) -> Block | None:
        if element.name in HEADINGS:
            return Heading(HEADINGS[element.name], _inlines(element.children))
        if element.name == "hr":
            return Rule()
        if element.name == "pre":
            return CodeBlock(element.words().strip("\n"), _language(element))
        if self.depth >= DEEPEST:
            return None
        if element.name == "blockquote":
            return Quote(_blocks(element.children, self.depth + 1))
        if element.name in {"ul", "ol"}:
            return self._items(element)
        return _table(element) if element.name == "table" else None

    def _items(self, element: Element) -> Items | None:
        items = [
            Item(_blocks(child.children, self.depth + 1))
            for child in element.children
            if isinstance(child, Element) and child.name == "li"
        ]
        if not items:
            return None
        start = element.attributes.get("start", "")
        first = int(start) if start.isdecimal() and len(start) <= MOST_DIGITS else 1
        return Items(tuple(items), start=first if element.name == "ol" else None)


def _is_transparent(element: Element) -> bool:
    """Say whether an element only holds others: its blocks are those of the text."""
    return element.name not in {*STYLES, *WITHOUT_WORDS, "a", "code", "tt", "kbd", "samp", "br", "img"}


def _inlines(nodes: Nodes) -> tuple[Inline, ...]:
    line: list[Inline] = []
    for node in nodes:
        _say(node, line)
    return _trimmed(line)


def _say(node: Element | str, line: list[Inline]) -> None:
    """Write a node into a line; a block within a line only ends the line."""
    if isinstance(node, str):
        _say_words(node, line)
    elif node.name in STYLES:
        line.append(Styled(STYLES[node.name], _children(node)))
    elif node.name == "br":
        line.append(Break())
    elif node.name in {"code", "tt", "kbd", "samp"}:
        line.append(Code(" ".join(node.words().split())))
    elif node.name == "a":
        address = node.attributes.get("href", "").strip()
        inside = _children(node, in_link=True)
        line.extend([Link(address, inside)] if allowed(address) else inside)
    elif node.name == "img":
        line.append(_image(node))
    elif node.name not in WITHOUT_WORDS:
        _end_line(node, line)
        line.extend(_children(node))
        _end_line(node, line)


def _children(element: Element, *, in_link: bool = False) -> tuple[Inline, ...]:
    line: list[Inline] = []
    for node in element.children:
        _say(node, line)
    return tuple(_without_address(inline) for inline in line) if in_link else tuple(line)


def _without_address(inline: Inline) -> Inline:
    """Return what stands in a link without addresses of its own."""
    match inline:
        case Image(address, text):
            return Text(text or address)
        case Link(_, children):
            return Text(words(children))
        case Styled(style, children):
            return Styled(style, tuple(map(_without_address, children)))
        case _:
            return inline


def _end_line(element: Element, line: list[Inline]) -> None:
    is_line = (
        element.name in LINES or element.name in HEADINGS or element.name in {"li", "tr", "blockquote", "pre"}
    )
    if is_line and line and not isinstance(line[-1], Break):
        line.append(Break())


def _say_words(text: str, line: list[Inline]) -> None:
    """Write words with single blanks, and none where a line begins."""
    single = " ".join(text.split())
    before = " " if text[:1].isspace() and line and not isinstance(line[-1], Break) else ""
    after = " " if single and text[-1:].isspace() else ""
    if before + single + after:
        line.append(Text(before + single + after))


def _image(element: Element) -> Inline:
    address = element.attributes.get("src", "").strip()
    text = " ".join(element.attributes.get("alt", "").split())
    return Image(address, text) if allowed(address) else Text(text)


def _trimmed(line: list[Inline]) -> tuple[Inline, ...]:
    inlines = tuple(line)
    return without_edges(inlines, words(inlines))


def _language(pre: Element) -> str:
    for element in (pre, *(child for child in pre.children if isinstance(child, Element))):
        for name in element.attributes.get("class", "").split():
            if name.startswith("language-"):
                return name.removeprefix("language-")
    return ""


def _table(table: Element) -> Table | None:
    rows = [_row(row) for row in _rows(table)]
    columns = max(map(len, rows), default=0)
    if not columns:
        return None
    empty: tuple[Inline, ...] = ()
    header, *others = ((*row, *[empty] * (columns - len(row))) for row in rows)
    return Table(header, tuple(others))


def _rows(element: Element) -> Iterator[Element]:
    for child in element.children:
        if isinstance(child, Element):
            if child.name == "tr":
                yield child
            elif child.name in {"thead", "tbody", "tfoot"}:
                yield from _rows(child)


def _row(row: Element) -> Row:
    return tuple(
        _inlines(cell.children)
        for cell in row.children
        if isinstance(cell, Element) and cell.name in {"td", "th"}
    )
