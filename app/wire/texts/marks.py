"""Which marks each dialect has: the table of what is written for bold, links, lists, quotes and the rest.

Sources: the channels' own pages as far as they say it, else the behaviour that public senders rely on; a mark that is not
sure to be shown is left out, so its words stay (italic and strike in WeCom and DingTalk: unconfirmed). Read 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from app.wire.texts.dialects import Dialect

Pair = tuple[str, str]
NONE: Final[Pair] = ("", "")
BULLET: Final = "• "
LINE: Final = "———"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How one dialect writes what a tree says.

    `headings` is how many levels it has; deeper ones, or all, are written as a bold line. `quote` is what stands before
    each line of a quote. `code_block` is a fence, the mark of a quote, an indentation, a tag, or nothing at all.
    """

    bold: Pair = NONE
    italic: Pair = NONE
    strike: Pair = NONE
    code: Pair = NONE
    link: Literal["markdown", "angle", "tag", "words"] = "markdown"
    images: bool = False
    headings: int = 0
    bullet: str = "- "
    quote: str = "> "
    code_block: Literal["fence", "quote", "indent", "tag", "words"] = "words"
    table: Literal["native", "aligned", "lines"] = "lines"
    rule: str = LINE
    line_end: str = "\n"
    spaces_count: bool = False
    """True where blanks at the beginning of a line would change what it is, so that others are written."""


MARKS: Final[Mapping[Dialect, Marks]] = MappingProxyType(
    {
        Dialect.PLAIN: Marks(link="words", code_block="indent", rule="---"),
        Dialect.PLAIN_WITH_TAGS: Marks(link="words", code_block="indent", rule="---"),
        Dialect.COMMONMARK: Marks(
            bold=("**", "**"),
            italic=("*", "*"),
            strike=("~~", "~~"),
            code=("`", "`"),
            images=True,
            headings=6,
            code_block="fence",
            table="native",
            rule="---",
            line_end="  \n",
            spaces_count=True,
        ),
        Dialect.WECOM: Marks(
            bold=("**", "**"), code=("`", "`"), headings=6, bullet=BULLET, code_block="quote", rule=""
        ),
        Dialect.WECOM_V2: Marks(
            bold=("**", "**"),
            italic=("*", "*"),
            code=("`", "`"),
            images=True,
            headings=6,
            code_block="fence",
            table="native",
            rule="---",
            spaces_count=True,
        ),
        Dialect.DINGTALK: Marks(
            bold=("**", "**"),
            italic=("*", "*"),
            code=("“", "”"),
            images=True,
            headings=6,
            code_block="quote",
            rule="---",
            line_end="  \n",
            spaces_count=True,
        ),
        Dialect.FEISHU_LARK_MD: Marks(
            bold=("**", "**"), italic=("*", "*"), strike=("~~", "~~"), bullet=BULLET, quote=""
        ),
        Dialect.FEISHU_CARD: Marks(
            bold=("**", "**"),
            italic=("*", "*"),
            strike=("~~", "~~"),
            code=("`", "`"),
            headings=6,
            code_block="fence",
            table="native",
            rule="---",
            spaces_count=True,
        ),
        Dialect.TELEGRAM_HTML: Marks(
            bold=("<b>", "</b>"),
            italic=("<i>", "</i>"),
            strike=("<s>", "</s>"),
            code=("<code>", "</code>"),
            link="tag",
            bullet=BULLET,
            quote="",
            code_block="tag",
            table="aligned",
        ),
        Dialect.SLACK: Marks(
            bold=("*", "*"),
            italic=("_", "_"),
            strike=("~", "~"),
            code=("`", "`"),
            link="angle",
            bullet=BULLET,
            code_block="fence",
            table="aligned",
        ),
        Dialect.DISCORD: Marks(
            bold=("**", "**"),
            italic=("*", "*"),
            strike=("~~", "~~"),
            code=("`", "`"),
            headings=3,
            code_block="fence",
            table="aligned",
            spaces_count=True,
        ),
        Dialect.HTML: Marks(
            bold=("<strong>", "</strong>"),
            italic=("<em>", "</em>"),
            strike=("<s>", "</s>"),
            code=("<code>", "</code>"),
            link="tag",
            images=True,
            line_end="<br>\n",
            spaces_count=True,
        ),
    }
)
"""HTML's blocks are written by page.py; only its marks within a line are here."""
