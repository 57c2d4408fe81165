"""Which language a page is shown in, and the choice between the two wordings of a sentence.

Every sentence is written in both languages where it is used; there is no catalogue to keep in step.
"""

from __future__ import annotations

from flask import has_request_context, request

LANGUAGE_COOKIE = "sandbox_lang"
LANGUAGES = ("en", "zh")


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
