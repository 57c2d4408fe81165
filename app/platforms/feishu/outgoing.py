"""Messages as Feishu takes them: cards of JSON 2.0 for Markdown, posts for plain text, and content in its own words.

Pure. Sources: Feishu Open Platform, pages 发送消息内容, 卡片 JSON 2.0 结构, 使用自定义机器人发送飞书卡片 and 自定义机器人使用指南
(read 2026-11-28). What is odd: an app sends its content as a JSON text within JSON, a robot sends an object; a plain `text`
message reads `<at …>` in whatever people wrote, so plain text goes as a post, which reads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from app.core.errors import RequestError
from app.core.exact_json import write_json
from app.core.sending import Message, Part
from app.wire.native_messages import MOST_PREVIEWED, NativeType, bytes_of, check_native, native_preview
from app.wire.texts import Dialect, Limit, WrittenPart, write_parts

ROBOT: Final = "robot"
CARD: Final = "interactive"


def _empty(content: Mapping[str, Any]) -> str | None:
    return None if content else "content must hold what Feishu's page 发送消息内容 says for this type."


ROBOT_TYPES: Final[Mapping[str, NativeType]] = {
    "text": NativeType(needs=("text",)),
    "post": NativeType(fault=_empty),
    "image": NativeType(needs=("image_key",)),
    "share_chat": NativeType(needs=("share_chat_id",)),
    CARD: NativeType(fault=_empty),
}
APP_TYPES: Final[Mapping[str, NativeType]] = {
    **ROBOT_TYPES,
    "share_chat": NativeType(needs=("chat_id",)),
    "share_user": NativeType(needs=("user_id",)),
    **dict.fromkeys(("file", "audio", "media", "sticker"), NativeType(needs=("file_key",))),
    "system": NativeType(fault=_empty),
}

LARGEST_ROBOT: Final = 20_000
LARGEST_TEXT: Final = 150_000
LARGEST_RICH: Final = 30_000
"""Bytes of a whole request; for an app 150 KB of text, 30 KB of a post or a card."""

ADDRESSING: Final = 400
"""Bytes for what a call adds: receiver and uuid, or time and signature."""

SHORTEST_PART: Final = 2_000
LONGEST_TITLE: Final = 1_000
MENTION = re.compile(r"[A-Za-z0-9_-]{1,64}")
MOST_MENTIONS: Final = 50


def own_words(message: Message, kind: str) -> Part:
    """Return a message in Feishu's own words, its content unchanged; raises RequestError for a shape it cannot have."""
    check_native(message, ROBOT_TYPES if kind == ROBOT else APP_TYPES, "Feishu")
    body = _body(message.type, message.content, kind)
    if (size := _size(body)) > (largest := _largest(message.type, kind)):
        raise RequestError(
            "text_too_long",
            f"The message has {size} bytes and Feishu takes {largest} of this type; shorten it.",
        )
    return Part(body, preview=native_preview(message))


def written(message: Message, kind: str) -> list[Part]:
    """Return title and text as cards, or as posts where the text is plain; raises RequestError."""
    mentions = _mentions(message.mentions)
    if bytes_of(message.title) > LONGEST_TITLE:
        raise RequestError("text_too_long", f"The title is longer than {LONGEST_TITLE} bytes; shorten it.")
    build = _post if message.format == "text" else _card
    msg_type, dialect = ("post", Dialect.PLAIN) if message.format == "text" else (CARD, Dialect.FEISHU_CARD)
    largest = _largest(msg_type, kind)
    frame = _size(_body(msg_type, build(WrittenPart(message.title, "", ""), mentions, kind), kind))

    def parts_of(most: int) -> list[Part]:
        texts = write_parts(message.title, message.text, message.format, dialect, Limit("json_bytes", most))
        return [
            Part(
                _body(msg_type, build(each, mentions if number == 0 else (), kind), kind),
                preview=each.plain[:MOST_PREVIEWED],
            )
            for number, each in enumerate(texts)
        ]

    return _fitting(parts_of, largest, frame)


def _fitting(parts_of: Callable[[int], list[Part]], largest: int, frame: int) -> list[Part]:
    """Return the parts when each fits as it is sent: an app's content is written as JSON twice, which may double it."""
    for share in (1, 2):
        parts = parts_of(max((largest - frame) // share, SHORTEST_PART))
        if all(_size(part.body) <= largest for part in parts):
            return parts
    raise RequestError(
        "text_too_long", "The message is too long for Feishu; shorten it, or put the rest behind a link."
    )


def _card(part: WrittenPart, mentions: Sequence[str], _kind: str) -> dict[str, Any]:
    called = "".join(f"<at id={each}></at>" for each in mentions)
    text = f"{called}\n{part.text}" if called else part.text
    card: dict[str, Any] = {
        "schema": "2.0",
        "config": {"update_multi": True},
        "body": {"elements": [{"tag": "markdown", "content": text}]},
    }
    if part.title:
        card["header"] = {"title": {"tag": "plain_text", "content": part.title}}
    return card


def _post(part: WrittenPart, mentions: Sequence[str], kind: str) -> dict[str, Any]:
    called = [{"tag": "at", "user_id": each} for each in mentions]
    lines: list[list[dict[str, Any]]] = [*([called] if called else []), [{"tag": "text", "text": part.text}]]
    post = {"zh_cn": {"title": part.title, "content": lines}}
    return {"post": post} if kind == ROBOT else post


def _body(msg_type: str, content: Mapping[str, Any], kind: str) -> dict[str, Any]:
    if kind != ROBOT:
        return {"msg_type": msg_type, "content": write_json(content).decode()}
    return {"msg_type": msg_type, "card" if msg_type == CARD else "content": content}


def _largest(msg_type: str, kind: str) -> int:
    whole = LARGEST_ROBOT if kind == ROBOT else LARGEST_TEXT if msg_type == "text" else LARGEST_RICH
    return whole - ADDRESSING


def _size(body: Mapping[str, Any]) -> int:
    return len(write_json(body))


def _mentions(given: Sequence[str]) -> tuple[str, ...]:
    """Return whom to call, in Feishu's words."""
    called = tuple("all" if each == "@all" else each for each in given)
    if len(called) > MOST_MENTIONS or not all(MENTION.fullmatch(each) for each in called):
        raise RequestError(
            "bad_mention",
            f"Feishu calls people by open_id or user_id, and everybody by @all; at most {MOST_MENTIONS}, and no phone numbers.",
        )
    return called
