"""Which language a page is shown in, and the choice between the two wordings of a sentence.

Every sentence is written in both languages where it is used; there is no catalogue to keep in step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask import has_request_context, request

LANGUAGE_COOKIE = "sandbox_lang"
LANGUAGES = ("en", "zh")
LISTED_AT_MOST = 4


class Words(NamedTuple):
    """One sentence or name in both languages; `say(*words)` shows it."""

    english: str
    chinese: str


def language() -> str:
    """Returns `zh` or `en`: the query first, then the cookie, then the browser's wish."""
    if not has_request_context():
        return "en"
    for wish in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in LANGUAGES:
            return str(wish)
    return "zh" if request.accept_languages.best_match(["en", "zh", "zh-CN", "zh-TW"], "en") != "en" else "en"


def say(english: str, chinese: str) -> str:
    """Returns the wording in the reader's language."""
    return chinese if language() == "zh" else english


def listed(names: Sequence[Words]) -> str:
    """Joins names as a sentence does; of many only the first few are named."""
    shown = [say(*name) for name in names]
    if len(shown) > LISTED_AT_MOST:
        more = len(shown) - LISTED_AT_MOST + 1
        shown = [*shown[: LISTED_AT_MOST - 1], say(f"{more} more", f"另外 {more} 个平台")]
    if len(shown) < 2:
        return "".join(shown)
    # Between Chinese and Latin letters stands a space, as everywhere on these pages.
    last = f" {shown[-1]}" if language() == "en" or shown[-1][0].isascii() else shown[-1]
    return say(", ", "、").join(shown[:-1]) + say(" and", "和") + last
