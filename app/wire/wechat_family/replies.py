"""Words what a handler returned as a passive reply of the WeChat family, in XML or JSON.

Used by every platform that speaks this protocol. Text from people cannot break out of the markup, and whatever a
handler returned, nothing here raises: a value that makes no reply is None, which the platform gets as `success`.
Source: WeChat "被动回复用户消息" page (read 2026-11-20). That page shows XML only; JSON has the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from app.security.safe_xml import cdata
from app.wire.wechat_family.messages import WireFormat

MAX_TEXT_BYTES = 2048
MAX_ARTICLES = 10
MAX_NUMBER = 10**1000
CONTROL_END = 0x20
SURROGATES = range(0xD800, 0xE000)
NOT_CHARACTERS = frozenset((0xFFFE, 0xFFFF))

Content = Mapping[str, Any]

MEDIA: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "image": ("Image", "media_id", {"MediaId": "media_id"}),
    "voice": ("Voice", "media_id", {"MediaId": "media_id"}),
    "video": ("Video", "media_id", {"MediaId": "media_id", "Title": "title", "Description": "description"}),
    "music": (
        "Music",
        "thumb_media_id",
        {
            "Title": "title",
            "Description": "description",
            "MusicUrl": "music_url",
            "HQMusicUrl": "hq_music_url",
            "ThumbMediaId": "thumb_media_id",
        },
    ),
}
"""Message type: its element, the key it cannot do without, and the platform's names with ours."""

ARTICLE = {"Title": "title", "Description": "description", "PicUrl": "pic_url", "Url": "url"}


def passive_reply(
    result: Any, *, sender: str | None, receiver: str | None, created: int, wire_format: WireFormat
) -> bytes | None:
    """Return the reply's bytes, None when the handler's result is none.

    `sender` and `receiver` are those of the reply: the inbound ones swapped. `result` is text or a mapping with
    `msg_type` (text, image, voice, video, music, news, transfer_customer_service) and that type's keys.
    """
    content = _content(result)
    if content is None or not sender or not receiver:
        return None
    head = {"ToUserName": _clean(receiver), "FromUserName": _clean(sender), "CreateTime": created}
    message = {**head, **content}
    return (
        orjson.dumps(message)
        if wire_format is WireFormat.JSON
        else f"<xml>{_elements(message)}</xml>".encode()
    )


def _content(result: Any) -> Content | None:
    if isinstance(result, str):
        return _text({"content": result})
    if not isinstance(result, Mapping):
        return None
    kind = result.get("msg_type")
    if not isinstance(kind, str):
        return None
    return _media(kind, result) if kind in MEDIA else OTHERS.get(kind, _unknown)(result)


def _text(result: Content) -> Content | None:
    """Cut at the platform's limit; an empty text would show the person "service unavailable"."""
    content = _cut(_value(result, "content"))
    return {"MsgType": "text", "Content": content} if content.strip() else None


def _media(kind: str, result: Content) -> Content | None:
    element, needed, names = MEDIA[kind]
    if not _value(result, needed):
        return None
    values = {name: value for name, key in names.items() if (value := _value(result, key))}
    return {"MsgType": kind, element: values}


def _news(result: Content) -> Content | None:
    given = result.get("articles")
    articles = (
        [_article(item) for item in given if isinstance(item, Mapping)]
        if isinstance(given, list | tuple)
        else []
    )
    titled = [article for article in articles if article["Title"]][:MAX_ARTICLES]
    return {"MsgType": "news", "ArticleCount": len(titled), "Articles": titled} if titled else None


def _article(item: Content) -> Mapping[str, str]:
    return {name: _value(item, key) for name, key in ARTICLE.items()}


def _transfer(result: Content) -> Content:
    account = _value(result, "kf_account")
    wanted = {"TransInfo": {"KfAccount": account}} if account else {}
    return {"MsgType": "transfer_customer_service", **wanted}


def _unknown(_result: Content) -> None:
    return None


OTHERS: Mapping[str, Callable[[Content], Content | None]] = {
    "text": _text,
    "news": _news,
    "transfer_customer_service": _transfer,
}


def _value(result: Content, key: str) -> str:
    value = result.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER:
        value = f"{value:d}"
    return _clean(value) if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Leave out what XML 1.0 cannot carry at all, escaped or not."""
    return "".join(char for char in text if char in "\t\n\r" or _is_writable(ord(char)))


def _is_writable(point: int) -> bool:
    return point >= CONTROL_END and point not in SURROGATES and point not in NOT_CHARACTERS


def _cut(text: str) -> str:
    """Shorten to the limit in bytes without splitting a character."""
    return text.encode()[:MAX_TEXT_BYTES].decode("utf-8", "ignore")


def _elements(content: Content) -> str:
    return "".join(f"<{name}>{_markup(value)}</{name}>" for name, value in content.items())


def _markup(value: Any) -> str:
    if isinstance(value, str):
        return cdata(value)
    if isinstance(value, Mapping):
        return _elements(value)
    if isinstance(value, list):
        return "".join(f"<item>{_elements(item)}</item>" for item in value)
    return str(value)
