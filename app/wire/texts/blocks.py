"""Blocks written in a dialect that consists of lines; HTML's are in page.py."""

from __future__ import annotations

import string
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from app.wire.texts.dialects import Dialect
from app.wire.texts.escapes import NO_WIDTH, escape
from app.wire.texts.inlines import write_inlines
from app.wire.texts.marks import MARKS, Marks
from app.wire.texts.page import write_page
from app.wire.texts.tables import aligned_table, native_table, table_as_lines
from app.wire.texts.tree import (
    Block,
    Break,
    CodeBlock,
    Heading,
    Inline,
    Item,
    Items,
    Paragraph,
    Quote,
    Rule,
    Styled,
    Table,
    Text,
)

LINE_HEADINGS: Final = frozenset(
    {
        Dialect.PLAIN,
        Dialect.PLAIN_WITH_TAGS,
        Dialect.WECOM,
        Dialect.FEISHU_LARK_MD,
        Dialect.TELEGRAM_HTML,
        Dialect.SLACK,
        Dialect.DISCORD,
    }
)
"""Dialects in which the text may go on in the line below a heading."""

SHORT_FENCES: Final = frozenset({Dialect.DISCORD, Dialect.SLACK})
"""Dialects whose fence is three backticks and never more."""

IN_LANGUAGES: Final = frozenset(string.ascii_letters + string.digits + "+#._-")
LONGEST_LANGUAGE: Final = 30


def write_blocks(blocks: tuple[Block, ...], dialect: Dialect) -> str:
    """Return blocks as the dialect writes them."""
    if dialect is Dialect.HTML:
        return write_page(blocks)
    return BlockWriter(dialect, MARKS[dialect]).blocks(blocks)


@dataclass(frozen=True, slots=True)
class BlockWriter:
    """Writes blocks; `quoted` is true inside a quote of a dialect whose quotes hold neither quotes nor code."""

    dialect: Dialect
    marks: Marks
    quoted: bool = False

    def blocks(self, blocks: tuple[Block, ...], *, in_item: bool = False) -> str:
        """Return blocks one below the other."""
        written = [(block, text) for block in blocks if (text := self.block(block))]
        if not written:
            return ""
        gaps = [self._gap(above, below, in_item=in_item) for (above, _), (below, _) in pairwise(written)]
        return "".join(text + gap for (_, text), gap in zip(written, [*gaps, ""], strict=True))

    def _gap(self, above: Block, below: Block, *, in_item: bool) -> str:
        if isinstance(above, Heading) and self.dialect in LINE_HEADINGS:
            return "\n"
        return "\n" if in_item and isinstance(below, Items) else "\n\n"

    def block(self, block: Block) -> str:
        """Return one block."""
        match block:
            case Paragraph(children):
                return self._lines(children)
            case Heading(level, children):
                return self._heading(level, children)
            case CodeBlock(text, language):
                return self._code(text, language)
            case Quote(children):
                return self._quote(children)
            case Items():
                return self._items(block)
            case Table():
                return self._table(block)
            case Rule():
                return self.marks.rule

    def _lines(self, children: tuple[Inline, ...], *, styled: bool = False) -> str:
        return write_inlines(children, self.dialect, styled=styled)

    def _heading(self, level: int, children: tuple[Inline, ...]) -> str:
        on_one_line = tuple(Text(" ") if isinstance(inline, Break) else inline for inline in children)
        if level <= self.marks.headings:
            return "#" * level + " " + self._lines((Text(""), *on_one_line))
        return self._lines((Styled("bold", on_one_line),), styled=True)

    def _code(self, text: str, language: str) -> str:
        form = "words" if self.quoted else self.marks.code_block
        if form == "fence":
            return self._fenced(text, language)
        if form == "tag":
            return _in_tag(text, language)
        if form == "indent":
            return _before_each_line(escape(text, self.dialect), "    ")
        written = self._lines(_as_inlines(text))
        return _before_each_line(written, self.marks.quote) if form == "quote" else written

    def _fenced(self, text: str, language: str) -> str:
        if self.dialect in SHORT_FENCES:
            fence = "```"
            text = text.replace("``", f"`{NO_WIDTH}`")
        else:
            fence = "`" * max(3, _longest_run(text, "`") + 1)
        if self.dialect is Dialect.SLACK:
            return f"{fence}\n{escape(text, self.dialect)}\n{fence}"
        return f"{fence}{_language(language)}\n{text}\n{fence}"

    def _quote(self, children: tuple[Block, ...]) -> str:
        if self.dialect is not Dialect.TELEGRAM_HTML:
            return _before_each_line(self.blocks(children), self.marks.quote)
        inside = BlockWriter(self.dialect, self.marks, quoted=True).blocks(children)
        return inside if self.quoted or not inside else f"<blockquote>{inside}</blockquote>"

    def _items(self, items: Items) -> str:
        first = items.start if items.start is not None else 1
        numbers = self._numbers(items, first)
        return "\n".join(
            self._item(item, self.marks.bullet if items.start is None else f"{number}. ")
            for item, number in zip(items.items, numbers, strict=True)
        )

    def _numbers(self, items: Items, first: int) -> list[int]:
        counted = first - 1
        numbers = []
        for item in items.items:
            counted += not item.goes_on
            numbers.append(counted)
        return numbers

    def _item(self, item: Item, mark: str) -> str:
        blank = " " * len(mark)
        written = self.blocks(item.children, in_item=True)
        first, *rest = written.split("\n")
        lines = [
            (blank if item.goes_on else mark) + first,
            *(blank + line if line else line for line in rest),
        ]
        return "\n".join(lines)

    def _table(self, table: Table) -> str:
        if self.marks.table == "native":
            return native_table(table, self.dialect)
        if self.marks.table == "aligned":
            return self._code(aligned_table(table), "")
        return self.blocks(table_as_lines(table))


def _as_inlines(text: str) -> tuple[Inline, ...]:
    first, *rest = text.split("\n")
    inlines: list[Inline] = [Text(first)]
    for line in rest:
        inlines.extend((Break(), Text(line)))
    return tuple(inlines)


def _in_tag(text: str, language: str) -> str:
    escaped = escape(text, Dialect.TELEGRAM_HTML)
    named = _language(language)
    return f'<pre><code class="language-{named}">{escaped}</code></pre>' if named else f"<pre>{escaped}</pre>"


def _language(written: str) -> str:
    """Return the language of a fence where it is a plain word."""
    word = written.split(maxsplit=1)[0] if written.strip() else ""
    return word if len(word) <= LONGEST_LANGUAGE and IN_LANGUAGES.issuperset(word) else ""


def _longest_run(text: str, sign: str) -> int:
    return max((len(list(run)) for each, run in groupby(text) if each == sign), default=0)


def _before_each_line(text: str, mark: str) -> str:
    return "\n".join(mark + line if line.strip() else mark.rstrip() + line for line in text.split("\n"))
