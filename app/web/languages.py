"""The languages of the pages: `?lang=` first, then the cookie, then what the browser asks for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask, Response, current_app, request
from flask_babel import Babel

from app.platforms import translation_folders

TRANSLATIONS = Path(__file__).with_name("translations")
LANGUAGE_COOKIE = "lang"
COOKIE_SECONDS = 31_536_000


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the pages: its tag on the web, its catalogue, its name in itself, and other tags it answers to."""

    tag: str
    locale: str
    name: str
    also: tuple[str, ...] = ()

    def answers_to(self, tag: str) -> bool:
        """Say whether a tag means this language."""
        return tag.replace("_", "-").lower() in {known.lower() for known in (self.tag, *self.also)}


LANGUAGES = (
    Language("en", "en", "English"),
    Language(
        "zh-CN",
        "zh_Hans_CN",
        "简体中文",
        ("zh", "zh-Hans", "zh-Hans-CN", "zh-SG", "zh-TW", "zh-HK", "zh-Hant"),
    ),
)


def install_languages(app: Flask) -> None:
    """Let every page speak the reader's language, and remember a choice."""
    Babel(
        app,
        default_locale=LANGUAGES[0].locale,
        default_translation_directories=";".join(map(str, (TRANSLATIONS, *translation_folders()))),
        locale_selector=lambda: current_language().locale,
    )
    app.after_request(_finish_page)
    app.context_processor(
        lambda: {"languages": LANGUAGES, "language": current_language(), "language_link": language_link}
    )


def current_language() -> Language:
    """Return the language of this request."""
    for wish in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish and (chosen := _find(wish)) is not None:
            return chosen
    known = [tag for language in LANGUAGES for tag in (language.tag, *language.also)]
    best = request.accept_languages.best_match(known, LANGUAGES[0].tag)
    return _find(best or "") or LANGUAGES[0]


def language_link(language: Language) -> str:
    """Return this page's address in another language; a page that came from a form or a login leads home instead.

    Login addresses carry one-time values, which must neither be used twice nor be written into a page.
    """
    if request.method != "GET" or request.path.startswith(("/oauth/", "/authorise/")):
        return f"/?{urlencode({'lang': language.tag})}"
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'lang': language.tag})}"


def _find(tag: str) -> Language | None:
    return next((language for language in LANGUAGES if language.answers_to(tag)), None)


def _finish_page(response: Response) -> Response:
    if response.mimetype != "text/html":
        return response
    response.vary.update(("Accept-Language", "Cookie"))
    chosen = _find(request.args.get("lang", ""))
    if chosen is not None:
        response.set_cookie(
            LANGUAGE_COOKIE,
            chosen.tag,
            max_age=COOKIE_SECONDS,
            secure=current_app.extensions["callgate"].settings.is_https,
            httponly=True,
            samesite="Lax",
        )
    return response
