"""Markdown read into the tree: CommonMark with tables and strikethrough, by markdown-it-py.

HTML in Markdown is not read: names of tags that HTML knows are left out (`<br>` ends a line), everything else in angle
brackets is words. Links lead to http, https, mailto and tel only; others are their words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from app.wire.texts.addresses import allowed
from app.wire.texts.markdown_rules import extend
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
)

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

DEEPEST_TOKENS: Final = 2 * DEEPEST
"""A list is two levels of tokens, itself and its items."""

STYLES: Final[dict[str, Style]] = {"strong_open": "bold", "em_open": "italic", "s_open": "strike"}


def read_markdown(text: str) -> tuple[Block, ...] | None:
    """Return the tree of a Markdown text; None where lists and quotes are nested so deeply that nobody can read it."""
    tokens = _parser().parse(text)
    if any(token.level >= DEEPEST_TOKENS for token in tokens):
        return None
    return _blocks(iter(tokens))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # What is deeper than maxNesting would be left out; read_markdown looks at the level before that.
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST_TOKENS + 4, "html": False})
    return extend(parser.enable(["table", "strikethrough"]))


def _blocks(tokens: Iterator[Token]) -> tuple[Block, ...]:
    """Return the blocks up to the end of the one they stand in."""
    blocks: list[Block] = []
    for token in tokens:
        if token.nesting < 0:
            break
        block = _block(token, tokens)
        if block is not None:
            blocks.append(block)
    return tuple(blocks)


def _block(token: Token, tokens: Iterator[Token]) -> Block | None:
    match token.type:
        case "paragraph_open":
            return Paragraph(_line(tokens))
        case "heading_open":
            return Heading(int(token.tag[1:]), _line(tokens))
        case "fence" | "code_block":
            return CodeBlock(token.content.removesuffix("\n"), token.info.strip())
        case "blockquote_open":
            return Quote(_blocks(tokens))
        case "bullet_list_open" | "ordered_list_open":
            return Items(_items(tokens), start=_first_number(token))
        case "table_open":
            return _table(tokens)
        case "hr":
            return Rule()
        case _:
            return None


def _line(tokens: Iterator[Token]) -> tuple[Inline, ...]:
    """Return the inlines of the block that was just opened, and pass its end."""
    children = _inlines(next(tokens).children or [])
    next(tokens)
    return children


def _first_number(token: Token) -> int | None:
    if token.type == "bullet_list_open":
        return None
    start = token.attrGet("start")
    return 1 if start is None else int(start)


def _items(tokens: Iterator[Token]) -> tuple[Item, ...]:
    items: list[Item] = []
    for token in tokens:
        if token.nesting < 0:
            break
        items.append(Item(_blocks(tokens)))
    return tuple(items)


def _table(tokens: Iterator[Token]) -> Table:
    rows: list[Row] = []
    cells: list[tuple[Inline, ...]] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            cells = []
        elif token.type == "inline":
            cells.append(_inlines(token.children or []))
        elif token.type == "tr_close":
            rows.append(tuple(cells))
    return Table(rows[0], tuple(rows[1:]))


def _inlines(tokens: Sequence[Token]) -> tuple[Inline, ...]:
    inlines = InlineReader()
    for token in tokens:
        inlines.read(token)
    return inlines.finish()


class InlineReader:
    """Turns the flat tokens of a line into inlines; what is open is on a stack, never deeper than the tree may be."""

    def __init__(self) -> None:
        """Begins with nothing open."""
        self.open: list[tuple[Token | None, list[Inline]]] = [(None, [])]

    def read(self, token: Token) -> None:
        """Take one token."""
        if token.nesting > 0:
            self.open.append((token, [] if len(self.open) <= DEEPEST else self.open[-1][1]))
        elif token.nesting < 0:
            self._close()
        else:
            self._say(token)

    def finish(self) -> tuple[Inline, ...]:
        """Return the inlines."""
        return tuple(self.open[0][1])

    def _say(self, token: Token) -> None:
        said = self.open[-1][1]
        match token.type:
            case "softbreak" | "hardbreak" | "line_end":
                said.append(Break())
            case "code_inline":
                said.append(Code(token.content))
            case "image":
                said.append(self._image(token))
            case _ if token.content:
                said.append(Text(token.content))

    def _image(self, token: Token) -> Inline:
        address = str(token.attrGet("src") or "")
        text = token.content
        in_link = any(opened is not None and opened.type == "link_open" for opened, _ in self.open)
        return Image(address, text) if allowed(address) and not in_link else Text(text or address)

    def _close(self) -> None:
        token, children = self.open.pop()
        outside = self.open[-1][1]
        if children is outside or token is None:
            return
        if token.type == "link_open":
            address = str(token.attrGet("href") or "")
            outside.extend([Link(address, tuple(children))] if allowed(address) else children)
        else:
            outside.append(Styled(STYLES[token.type], tuple(children)))
