"""Draws what Slack shows of mrkdwn: bold, italic, strike, code, quotes, links and mentions.

Protocol: docs.slack.dev "Formatting message text" (read 2026-11-28).
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from markupsafe import Markup, escape

FENCE = "```"
QUOTE = ">"
MENTION = re.compile(r"<(?:@(?P<person>[UW][A-Z0-9]{4,30})|!(?P<word>channel|here|everyone))>")
PIECE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<(?:@(?P<person>[UW][A-Z0-9]{4,30})|!(?P<word>channel|here|everyone))>"
    r"|<(?P<address>https?://[^|>\s]{1,2000})(?:\|(?P<label>[^>\n]{1,1000}))?>"
    r"|(?<![\w*])\*(?P<bold>[^*\n]+)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^_\n]+)_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>[^~\n]+)~(?![\w~])"
)
MARKS = (("bold", "strong"), ("italic", "em"), ("strike", "s"))


def drawn(text: str) -> Markup:
    """Draws a text; every piece is escaped before its tag is put around it."""
    parts = text.split(FENCE)
    pieces = [_code(part) if number % 2 else _lines(part) for number, part in enumerate(parts)]
    return Markup("").join(pieces)


def mentioned(text: str) -> tuple[str, ...]:
    """Names whom a text mentions."""
    return tuple(found["person"] or found["word"] for found in MENTION.finditer(text))


def text_of(blocks: list[Any]) -> str:
    """Returns the texts of sections and headers, one a line."""
    texts = [block.get("text") for block in blocks if isinstance(block, dict)]
    return "\n".join(str(text.get("text", "")) for text in texts if isinstance(text, dict)) or "[blocks]"


def _code(text: str) -> Markup:
    return Markup("<pre><code>{}</code></pre>").format(unescape(text).strip("\n"))


def _lines(text: str) -> Markup:
    drawn_lines = []
    for line in text.strip("\n").split("\n"):
        shown = unescape(line) if line.startswith(("&gt;", QUOTE)) else line
        is_quote = shown.startswith(QUOTE)
        inner = _inline(shown[1:].removeprefix(" ") if is_quote else line)
        drawn_lines.append(Markup("<blockquote>{}</blockquote>").format(inner) if is_quote else inner)
    return Markup("<br>").join(drawn_lines)


def _inline(text: str) -> Markup:
    drawn_pieces, at = [], 0
    for found in PIECE.finditer(text):
        drawn_pieces += [escape(unescape(text[at : found.start()])), _piece(found)]
        at = found.end()
    return Markup("").join([*drawn_pieces, escape(unescape(text[at:]))])


def _piece(found: re.Match[str]) -> Markup:
    given = {name: value for name, value in found.groupdict().items() if value is not None}
    if "code" in given:
        return Markup("<code>{}</code>").format(unescape(given["code"]))
    if "address" in given:
        address = unescape(given["address"])
        label = unescape(given.get("label", address))
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, label)
    for name, tag in MARKS:
        if name in given:
            return Markup("<{0}>{1}</{0}>").format(tag, _inline(given[name]))
    return Markup('<span class="mention">@{}</span>').format(given.get("person") or given["word"])
