"""The types of messages that DingTalk knows: of a group's robot, of work notices (工作通知), of the application's own robot.

Sources: DingTalk's pages on custom robots, on 工作通知 and on 批量发送单聊消息 / 发送群聊消息 as read on 2026-11-28. `unconfirmed`: that 2048 bytes
hold for every type of work notice.
"""

from __future__ import annotations

from typing import Final

from app.core.errors import RequestError
from app.core.exact_json import write_json
from app.core.values import JSON
from app.wire.native_messages import NativeType

ROBOT_BYTES: Final = 20_000
"""The whole request."""

NOTICE_BYTES: Final = 2048
APP_ROBOT_BYTES: Final = 15_000
"""`msgParam` as it is sent."""

MOST_LINKS: Final = 10


def _card_fault(content: JSON) -> str | None:
    single = isinstance(content.get("singleTitle"), str) and isinstance(content.get("singleURL"), str)
    buttons = content.get("btns")
    if single or (isinstance(buttons, list) and buttons and all(_is_button(each) for each in buttons)):
        return None
    return "content needs singleTitle and singleURL, or btns with a title and an actionURL each."


def _is_button(button: object) -> bool:
    return isinstance(button, dict) and all(
        isinstance(button.get(name), str) for name in ("title", "actionURL")
    )


def _feed_fault(content: JSON) -> str | None:
    links = content.get("links")
    if isinstance(links, list) and 0 < len(links) <= MOST_LINKS and all(_is_link(each) for each in links):
        return None
    return f"content.links must be 1 to {MOST_LINKS} links, each with title, messageURL and picURL."


def _is_link(link: object) -> bool:
    names = ("title", "messageURL", "picURL")
    return isinstance(link, dict) and all(isinstance(link.get(name), str) for name in names)


def _oa_fault(content: JSON) -> str | None:
    parts = (content.get("head"), content.get("body"))
    return (
        None
        if all(isinstance(part, dict) for part in parts)
        else "content needs head and body, each a table."
    )


_MARKDOWN = NativeType(needs=("title", "text"))
_TEXT = NativeType(needs=("content",))
_MEDIA = NativeType(needs=("media_id",))

ROBOT_TYPES: Final = {
    "text": _TEXT,
    "markdown": _MARKDOWN,
    "link": NativeType(needs=("title", "text", "messageUrl")),
    "actionCard": NativeType(needs=("title", "text"), fault=_card_fault),
    "feedCard": NativeType(fault=_feed_fault),
}
NOTICE_TYPES: Final = {
    "text": NativeType(needs=("content",), most_bytes={"content": NOTICE_BYTES}),
    "markdown": _MARKDOWN,
    "image": _MEDIA,
    "voice": _MEDIA,
    "file": _MEDIA,
    "link": NativeType(needs=("title", "text", "messageUrl", "picUrl")),
    "oa": NativeType(fault=_oa_fault),
    "action_card": NativeType(needs=("title", "markdown")),
}
APP_ROBOT_TYPES: Final = {
    "sampleText": _TEXT,
    "sampleMarkdown": _MARKDOWN,
    "sampleImageMsg": NativeType(needs=("photoURL",)),
    "sampleLink": NativeType(needs=("title", "text", "messageUrl")),
    **{f"sampleActionCard{number}": NativeType(needs=("title", "text")) for number in ("", 2, 3, 4, 5, 6)},
    "sampleAudio": NativeType(needs=("mediaId",)),
    "sampleFile": NativeType(needs=("mediaId",)),
    "sampleVideo": NativeType(needs=("videoMediaId",)),
}


def check_size(value: JSON, most: int) -> bytes:
    """Return a value as the JSON that is sent; raises RequestError where it is longer than DingTalk takes."""
    raw = write_json(value)
    if len(raw) > most:
        raise RequestError(
            "text_too_long",
            f"The message has {len(raw)} bytes as JSON and DingTalk takes {most}; shorten it, or send title and text, which are split.",
        )
    return raw
