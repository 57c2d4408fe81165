"""The types of messages that WeCom knows, as a robot and as an application sends them: what each needs and how long it may be.

Sources: WeCom pages 99110 (消息推送, of 2025-08-07) and 90236 (发送应用消息, of 2025-09-24), as read on 2026-11-28. `unconfirmed`:
4096 bytes of `markdown_v2` (from public code), which fields of a card are checked. What is longer than WeCom shows is cut there without
a word, so it is refused here.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Final

from app.core.values import JSON
from app.security.signatures import digest_of
from app.wire.native_messages import NativeType, bytes_of

TEXT_BYTES: Final = 2048
ROBOT_MARKDOWN_BYTES: Final = 4096
APP_MARKDOWN_BYTES: Final = 2048
PICTURE_BYTES: Final = 2 * 1024 * 1024
MOST_ARTICLES: Final = 8
TITLE_BYTES, DESCRIPTION_BYTES, ADDRESS_BYTES = 128, 512, 2048
CARD_TITLE, CARD_DESCRIPTION = 128, 512
ROBOT_CARDS: Final = ("text_notice", "news_notice")
APP_CARDS: Final = (*ROBOT_CARDS, "button_interaction", "vote_interaction", "multiple_interaction")
CARD_ACTIONS: Final = (1, 2)


def _picture_fault(content: JSON) -> str | None:
    try:
        picture = b64decode(content["base64"], validate=True)
    except ValueError:
        return "content.base64 must be the picture in Base64, without line breaks and without data:image/… in front."
    if len(picture) > PICTURE_BYTES:
        return "The picture is over 2 MB; make it smaller."
    if digest_of("md5", picture).hex() != content["md5"].lower():
        return "content.md5 must be the MD5 (hex) of the picture itself, before Base64."
    return None


def _articles_fault(content: JSON) -> str | None:
    articles = content.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= MOST_ARTICLES:
        return f"content.articles must be a list of 1 to {MOST_ARTICLES} articles."
    for number, article in enumerate(articles):
        title = article.get("title") if isinstance(article, dict) else None
        if not isinstance(title, str) or not 0 < bytes_of(title) <= TITLE_BYTES:
            return f"content.articles[{number}].title must be a text of 1 to {TITLE_BYTES} bytes."
        description = article.get("description") or ""
        if not isinstance(description, str) or bytes_of(description) > DESCRIPTION_BYTES:
            return f"content.articles[{number}].description may have {DESCRIPTION_BYTES} bytes."
    return None


def _robot_card_fault(content: JSON) -> str | None:
    return _card_fault(content, ROBOT_CARDS)


def _app_card_fault(content: JSON) -> str | None:
    return _card_fault(content, APP_CARDS)


def _card_fault(content: JSON, kinds: tuple[str, ...]) -> str | None:
    if content.get("card_type") not in kinds:
        return f"content.card_type must be one of {', '.join(kinds)}."
    action = content.get("card_action")
    if content["card_type"] in ROBOT_CARDS and not (
        isinstance(action, dict) and action.get("type") in CARD_ACTIONS
    ):
        return "content.card_action must say where a press on the card leads: type 1 with url, or type 2 with appid."
    return None


_MEDIA = NativeType(needs=("media_id",))
_TEXT = NativeType(needs=("content",), most_bytes={"content": TEXT_BYTES})

ROBOT_TYPES: Final = {
    "text": _TEXT,
    "markdown": NativeType(needs=("content",), most_bytes={"content": ROBOT_MARKDOWN_BYTES}),
    "markdown_v2": NativeType(needs=("content",), most_bytes={"content": ROBOT_MARKDOWN_BYTES}),
    "image": NativeType(needs=("base64", "md5"), fault=_picture_fault),
    "news": NativeType(fault=_articles_fault),
    "file": _MEDIA,
    "voice": _MEDIA,
    "template_card": NativeType(fault=_robot_card_fault),
}
APP_TYPES: Final = {
    "text": _TEXT,
    "markdown": NativeType(needs=("content",), most_bytes={"content": APP_MARKDOWN_BYTES}),
    "image": _MEDIA,
    "voice": _MEDIA,
    "video": _MEDIA,
    "file": _MEDIA,
    "textcard": NativeType(
        needs=("title", "description", "url"),
        most_bytes={"title": 4 * CARD_TITLE, "description": 4 * CARD_DESCRIPTION, "url": ADDRESS_BYTES},
    ),
    "news": NativeType(fault=_articles_fault),
    "mpnews": NativeType(),
    "miniprogram_notice": NativeType(needs=("appid", "title")),
    "template_card": NativeType(fault=_app_card_fault),
}
