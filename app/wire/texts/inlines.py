"""Words within a block, written in a dialect: styles, code, links, images, ends of lines."""

from __future__ import annotations

from typing import Final

from app.wire.texts.cuts import without_edges
from app.wire.texts.dialects import Dialect
from app.wire.texts.escapes import NO_BREAK_BLANK, escape
from app.wire.texts.marks import MARKS
from app.wire.texts.tree import Break, Code, Image, Inline, Link, Styled, Text, words

IN_ADDRESSES: Final = str.maketrans(
    {
        "(": "%28",
        ")": "%29",
        " ": "%20",
        "<": "%3C",
        ">": "%3E",
        '"': "%22",
        "|": "%7C",
        "\\": "%5C",
        "`": "%60",
    }
)
LONGER_FENCES: Final = frozenset({Dialect.COMMONMARK, Dialect.DISCORD})
"""Dialects that take code between two backticks, so that one may stand in it."""

ATTRIBUTE: Final = str.maketrans({"&": "&amp;", "'": "&#39;"})


def write_inlines(inlines: tuple[Inline, ...], dialect: Dialect, *, styled: bool = False) -> str:
    """Return inlines as the dialect writes them; `styled` where they stand in a style already (a bold line)."""
    writer = InlineWriter(dialect)
    writer.write(inlines, bare_code=styled)
    return "".join(writer.written)


class InlineWriter:
    """Collects what is written, and knows whether a line has begun."""

    def __init__(self, dialect: Dialect):
        """Begins at the beginning of a line."""
        self.dialect = dialect
        self.marks = MARKS[dialect]
        self.written: list[str] = []
        self.at_line_start = True
        self.open: list[tuple[str, str]] = []

    def write(self, inlines: tuple[Inline, ...], *, bare_code: bool = False) -> None:
        """Write inlines; `bare_code` where code has no mark, because this dialect lets nothing else hold it."""
        for inline in inlines:
            match inline:
                case Text(text):
                    self._words(text)
                case Code(text):
                    self._code(text, bare=bare_code and self.dialect is Dialect.TELEGRAM_HTML)
                case Break():
                    self.written.append(self.marks.line_end)
                    self.at_line_start = True
                case Image(address, text):
                    self._image(address, text)
                case Styled(style, children):
                    self._between(getattr(self.marks, style), children)
                case Link(address, children):
                    self._link(address, children)

    def _mark(self, mark: str) -> None:
        if mark:
            self.written.append(mark)
            self.at_line_start = False

    def _words(self, text: str) -> None:
        if not text:
            return
        if self.at_line_start and self.marks.spaces_count:
            blanks = len(text) - len(text.lstrip(" \t"))
            self.written.append(text[:blanks].replace("\t", NO_BREAK_BLANK * 4).replace(" ", NO_BREAK_BLANK))
            text = text[blanks:]
        self._mark(escape(text, self.dialect, at_line_start=self.at_line_start))

    def _between(self, pair: tuple[str, str], children: tuple[Inline, ...]) -> None:
        said = words(children)
        inner = without_edges(children, said)
        if not inner or pair in self.open:
            self.write(children, bare_code=True)
            return
        self._blanks(said[: len(said) - len(said.lstrip())])
        self._mark(pair[0])
        self.open.append(pair)
        self.write(inner, bare_code=True)
        self.open.pop()
        self._mark(pair[1])
        self._blanks(said[len(said.rstrip()) :])

    def _blanks(self, blanks: str) -> None:
        """Write blanks that stood at the edge of a style outside of it, where its marks would not count beside them."""
        self.write(tuple(Break() if sign == "\n" else Text(sign) for sign in blanks))

    def _code(self, text: str, *, bare: bool) -> None:
        begin, end = self.marks.code
        if not begin or bare:
            self._words(text)
        elif begin != "`":
            self._mark(begin + escape(text, self.dialect) + end)
        elif "`" not in text:
            self._mark(begin + (escape(text, self.dialect) if self.dialect is Dialect.SLACK else text) + end)
        elif self.dialect in LONGER_FENCES and "``" not in text:
            self._mark(f"`` {text} ``")
        else:
            self._words(text)

    def _link(self, address: str, children: tuple[Inline, ...]) -> None:
        said = words(children).strip()
        if self.marks.link == "words" or not said:
            self._words_and_address(said, address)
        elif self.marks.link == "tag":
            self._mark(f'<a href="{_attribute(address)}">')
            self.write(children, bare_code=True)
            self._mark("</a>")
        elif self.marks.link == "angle":
            self._mark(f"<{_slack(address)}|{escape(said.replace(chr(10), ' '), self.dialect)}>")
        elif self._label_is_safe(said):
            self._mark("[")
            self.write(children)
            self._mark(f"]({address.translate(IN_ADDRESSES)})")
        else:
            self._words_and_address(said, address)

    def _label_is_safe(self, said: str) -> bool:
        """Say whether a label keeps its brackets apart from the link's own."""
        escapes = self.dialect in {
            Dialect.COMMONMARK,
            Dialect.DISCORD,
            Dialect.FEISHU_CARD,
            Dialect.FEISHU_LARK_MD,
        }
        return escapes or not ("[" in said or "]" in said)

    def _words_and_address(self, said: str, address: str) -> None:
        shown = address.removeprefix("mailto:").removeprefix("tel:")
        if not said or said in {address, shown}:
            self._words(shown)
        else:
            self._words(f"{said} ({address})")

    def _image(self, address: str, text: str) -> None:
        if self.dialect is Dialect.HTML:
            self._mark(f'<img src="{_attribute(address)}" alt="{escape(text, self.dialect)}">')
        elif self.marks.images and self._label_is_safe(text):
            self._mark("![" + escape(text, self.dialect) + f"]({address.translate(IN_ADDRESSES)})")
        else:
            self._link(address, (Text(text or address),))


def _attribute(address: str) -> str:
    return address.translate(ATTRIBUTE).translate(IN_ADDRESSES_OF_TAGS)


IN_ADDRESSES_OF_TAGS: Final = str.maketrans({" ": "%20", "<": "%3C", ">": "%3E", '"': "%22"})


def _slack(address: str) -> str:
    return address.replace("&", "&amp;").translate(IN_ADDRESSES)
