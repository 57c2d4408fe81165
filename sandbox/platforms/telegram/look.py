"""Draws the HTML that Telegram takes, and refuses what it refuses: unknown tags, tags that do not close in order, odd entities.

Protocol: core.telegram.org/bots/api "HTML style" (read 2026-11-28).
"""

from __future__ import annotations

import re
from html import unescape

from markupsafe import Markup, escape

SHOWN = {
    "b": "strong", "strong": "strong", "i": "em", "em": "em", "u": "u", "ins": "u", "s": "s", "strike": "s", "del": "s",
    "code": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip
TAG = re.compile(r"<(/?)([a-z-]{1,20})((?:\s[^<>]{0,2000})?)>", re.IGNORECASE)
ADDRESS = re.compile(r'\s+href="((?:https?|tg)://[^"<>\s]{1,2000})"', re.IGNORECASE)
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")


def drawn(text: str) -> tuple[Markup, str]:
    """Returns a text as it is shown, and its letters without markup; raises ValueError for what Telegram cannot parse."""
    shown: list[Markup] = []
    plain: list[str] = []
    waiting: list[tuple[str, str]] = []
    at = 0
    for found in TAG.finditer(text):
        _letters(text[at : found.start()], shown, plain)
        at = found.end()
        if found[1]:
            shown.append(_closed(found[2].lower(), waiting))
        else:
            tag, closing = _opened(found[2].lower(), found[3])
            shown.append(tag)
            waiting.append((found[2].lower(), closing))
    _letters(text[at:], shown, plain)
    if waiting:
        raise ValueError(f'Can\'t find end tag corresponding to start tag "{waiting[-1][0]}"')
    return Markup("").join(shown), "".join(plain)


def _letters(text: str, shown: list[Markup], plain: list[str]) -> None:
    if "<" in text:
        raise ValueError(f"Unsupported start tag at byte offset {text.index('<')}")
    if "&" in ENTITY.sub("", text):
        raise ValueError("Unsupported entity")
    letters = unescape(text)
    plain.append(letters)
    shown.append(Markup("<br>").join(escape(line) for line in letters.split("\n")))


def _opened(name: str, attributes: str) -> tuple[Markup, str]:
    if name in SHOWN:
        return Markup(f"<{SHOWN[name]}>"), f"</{SHOWN[name]}>"  # noqa: S704 - the tag is from the table
    found = ADDRESS.fullmatch(attributes) if name == "a" else None
    if found is None:
        raise ValueError(f'Unsupported start tag "{name}"')
    address = unescape(found[1])
    if not address.lower().startswith("http"):
        return Markup('<span class="mention">'), "</span>"
    return Markup('<a href="{}" rel="noreferrer">').format(address), "</a>"


def _closed(name: str, waiting: list[tuple[str, str]]) -> Markup:
    if not waiting or waiting[-1][0] != name:
        raise ValueError(f'Unmatched end tag "{name}"')
    return Markup(waiting.pop()[1])  # noqa: S704 - written by _opened
