"""Blocks written as HTML, for letters and services that take it. No styles, no scripts, nothing that is loaded but images."""

from __future__ import annotations

from app.wire.texts.dialects import Dialect
from app.wire.texts.escapes import escape
from app.wire.texts.inlines import write_inlines
from app.wire.texts.tree import (
    Block,
    CodeBlock,
    Heading,
    Inline,
    Item,
    Items,
    Paragraph,
    Quote,
    Row,
    Rule,
    Table,
)


def write_page(blocks: tuple[Block, ...]) -> str:
    """Return blocks as HTML, without the page around them."""
    return "\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Paragraph(children):
            return f"<p>{_lines(children)}</p>"
        case Heading(level, children):
            return f"<h{level}>{_lines(children)}</h{level}>"
        case CodeBlock(text):
            return f"<pre><code>{escape(text, Dialect.HTML)}</code></pre>"
        case Quote(children):
            return f"<blockquote>\n{write_page(children)}\n</blockquote>"
        case Items():
            return _items(block)
        case Table():
            return _table(block)
        case Rule():
            return "<hr>"


def _lines(children: tuple[Inline, ...]) -> str:
    return write_inlines(children, Dialect.HTML)


def _items(items: Items) -> str:
    name = "ul" if items.start is None else "ol"
    begin = f' start="{items.start}"' if items.start not in {None, 1} else ""
    inside = "\n".join(map(_item, items.items))
    return f"<{name}{begin}>\n{inside}\n</{name}>"


def _item(item: Item) -> str:
    hidden = ' style="list-style: none"' if item.goes_on else ""
    match item.children:
        case (Paragraph(children),):
            return f"<li{hidden}>{_lines(children)}</li>"
        case children:
            return f"<li{hidden}>{write_page(children)}</li>"


def _table(table: Table) -> str:
    rows = "\n".join(_row(row, "td") for row in table.rows)
    return f"<table>\n<thead>\n{_row(table.header, 'th')}\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def _row(row: Row, name: str) -> str:
    return "<tr>" + "".join(f"<{name}>{_lines(cell)}</{name}>" for cell in row) + "</tr>"
