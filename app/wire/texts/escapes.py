"""How words are written so that a dialect takes none of them for a mark.

Four dialects have no way to escape (WeCom's two, DingTalk, plain text with tags). There a sign without width is put in where a tag, a mention,
a link or a bold passage would begin; a single star or underscore stays and may be shown as italic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from app.wire.texts.dialects import Dialect

NO_WIDTH: Final = "\u200b"
NO_BREAK_BLANK: Final = "\u00a0"
MOST_DIGITS: Final = 9
"""Of an item's number in CommonMark (0.31.2, section 5.2)."""

AT_LINE_START: Final = "#>-+="
"""Signs that make a line a heading, quote, item or underline."""

TAGS: Final = MappingProxyType({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
MARKS: Final = frozenset("\\`*[]<~|")
WITH_BACKSLASH: Final = MappingProxyType({ord(sign): f"\\{sign}" for sign in sorted(MARKS)})
FEISHU: Final = MappingProxyType({ord(sign): f"&#{ord(sign)};" for sign in "<>*~[]`_"})
"""Feishu's page on card text gives HTML entities for the signs that it takes for marks."""


def escape(text: str, dialect: Dialect, *, at_line_start: bool = False) -> str:
    """Return words as the dialect shows them literally; `at_line_start` where they begin a line."""
    written = ESCAPES[dialect](text)
    return _line_start(written, dialect) if at_line_start else written


def _by_table(table: Mapping[str, str]) -> Callable[[str], str]:
    signs = {ord(sign): written for sign, written in table.items()}
    return lambda text: text.translate(signs)


def _plain(text: str) -> str:
    return text


def _html(text: str) -> str:
    return _by_table(TAGS)(text).replace('"', "&quot;")


def _feishu(text: str) -> str:
    return _beside_addresses(text, lambda word: word.replace("&", "&#38;").translate(FEISHU), _angles)


def _angles(word: str) -> str:
    return word.replace("<", "&#60;").replace(">", "&#62;")


def _with_backslash(text: str) -> str:
    return _beside_addresses(text, _escape_words, _plain)


def _escape_words(text: str) -> str:
    if "_" not in text:
        written = text.translate(WITH_BACKSLASH)
    else:
        written = "".join(
            f"\\{sign}" if sign in MARKS or (sign == "_" and not _inside(text, at)) else sign
            for at, sign in enumerate(text)
        )
    return written.replace("&", "\\&") if _has_entity(text) else written


def _has_entity(text: str) -> bool:
    """Say whether `&copy;` or the like may stand in a text; CommonMark would show its sign."""
    at = text.find("&")
    return at >= 0 and ";" in text[at:]


def _inside(text: str, at: int) -> bool:
    """Say whether letters or digits stand on both sides: snake_case is no mark."""
    return 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()


def _beside_addresses(text: str, words: Callable[[str], str], address: Callable[[str], str]) -> str:
    """Return a text with its words and its bare addresses written in a way of their own."""
    if "http" not in text:
        return words(text)
    return "".join(address(word) if _is_address(word) else words(word) for word in _words(text))


def _without_tags(text: str) -> str:
    return "".join(_disarmed(text))


def _without_escape(text: str) -> str:
    return (
        "".join(_disarmed(text))
        .replace("**", f"*{NO_WIDTH}*")
        .replace("](", f"]{NO_WIDTH}(")
        .replace("``", f"`{NO_WIDTH}`")
    )


def _disarmed(text: str) -> Iterator[str]:
    """Yield the text with a sign without width behind each `<` that could begin a tag or a mention."""
    if "<" not in text:
        yield text
        return
    for at, sign in enumerate(text):
        yield sign
        if sign == "<" and at + 1 < len(text) and (text[at + 1].isalpha() or text[at + 1] in "/@!"):
            yield NO_WIDTH


def _words(text: str) -> Iterator[str]:
    """Yield words and the blanks between them, in order."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or text[at].isspace() != text[at - 1].isspace():
            yield text[start:at]
            start = at


def _is_address(word: str) -> bool:
    """Say whether a word is a bare address, which channels make a link of; marks in it would break that."""
    return word.startswith(("http://", "https://"))


def _line_start(written: str, dialect: Dialect) -> str:
    """Return words that begin a line so that they make it no heading, quote or item."""
    mark = LINE_STARTS.get(dialect)
    if mark is None or not written:
        return written
    if written[0] in AT_LINE_START:
        return mark(written[0]) + written[1:]
    digits = len(written) - len(written.lstrip("0123456789"))
    if 0 < digits <= MOST_DIGITS and written[digits : digits + 1] in {".", ")"}:
        return written[:digits] + mark(written[digits]) + written[digits + 1 :]
    return written


def _backslash(sign: str) -> str:
    return "\\" + sign


def _entity(sign: str) -> str:
    return f"&#{ord(sign)};"


def _no_width(sign: str) -> str:
    return NO_WIDTH + sign


ESCAPES: Final[Mapping[Dialect, Callable[[str], str]]] = MappingProxyType(
    {
        Dialect.PLAIN: _plain,
        Dialect.PLAIN_WITH_TAGS: _without_tags,
        Dialect.COMMONMARK: _with_backslash,
        Dialect.HTML: _html,
        Dialect.WECOM: _without_escape,
        Dialect.WECOM_V2: _without_escape,
        Dialect.DINGTALK: _without_escape,
        Dialect.FEISHU_LARK_MD: _feishu,
        Dialect.FEISHU_CARD: _feishu,
        Dialect.TELEGRAM_HTML: _by_table(TAGS),
        Dialect.SLACK: _by_table(TAGS),
        Dialect.DISCORD: _with_backslash,
    }
)

LINE_STARTS: Final[Mapping[Dialect, Callable[[str], str]]] = MappingProxyType(
    {
        Dialect.COMMONMARK: _backslash,
        Dialect.DISCORD: _backslash,
        Dialect.FEISHU_CARD: _entity,
        Dialect.WECOM: _no_width,
        Dialect.WECOM_V2: _no_width,
        Dialect.DINGTALK: _no_width,
    }
)
