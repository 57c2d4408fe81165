"""Words what a handler returned as a bot's reply: which kinds a message or an event may be answered with, and their members.

Whatever a handler returned, nothing here raises: a value that makes no reply is None, which the platform gets as an empty answer.
Source: WeCom pages 被动回复消息 (101031) and 接收事件 (101027, read 2026-11-28). What is odd: plain text is only known as a welcome;
to a message one answers with a *stream*, whose rest the platform asks for until it is finished. The limits of a stream (20480 bytes,
10 pictures and those with its end only, 256 bytes for the id of its feedback) are those of several public bots that quote that page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from app.core.values import ParsedEvent
from app.security.signatures import sha256_hex

MAX_STREAM_BYTES = 20_480
MAX_PICTURES = 10
LONGEST_ID_BYTES = 256
STREAM_POLL = "message.stream"

Content = Mapping[str, Any]
Wording = Callable[[ParsedEvent, Content], Content | None]


def reply_to(event: ParsedEvent, result: Any) -> bytes | None:
    """Return the reply's JSON, None when the handler's result is none that this event takes.

    `result` is text, or a mapping with `msg_type` (text, stream, template_card, stream_with_template_card,
    update_template_card) and that type's keys in the platform's own names.
    """
    content = {"msg_type": "text", "content": result} if isinstance(result, str) else result
    if not isinstance(content, Mapping):
        return None
    wording = _wordings(event.type).get(_text(content, "msg_type"))
    reply = None if wording is None else wording(event, content)
    try:
        return None if reply is None else orjson.dumps(reply)
    except TypeError:
        # What a handler put into a card cannot be written as JSON.
        return None


def _wordings(kind: str) -> Mapping[str, Wording]:
    """Return the kinds of replies that an event takes; feedback and unknown events take none."""
    if kind.startswith("message."):
        return TO_A_MESSAGE
    return TO_AN_EVENT.get(kind, {})


def _welcome(_event: ParsedEvent, result: Content) -> Content | None:
    text = _text(result, "content")
    return {"msgtype": "text", "text": {"content": text}} if text.strip() else None


def _stream(event: ParsedEvent, result: Content) -> Content | None:
    stream = _stream_part(event, result)
    return None if stream is None else {"msgtype": "stream", "stream": stream}


def _card(_event: ParsedEvent, result: Content) -> Content | None:
    card = _mapping(result, "template_card")
    return {"msgtype": "template_card", "template_card": card} if card else None


def _stream_with_card(event: ParsedEvent, result: Content) -> Content | None:
    stream, card = _stream_part(event, result), _mapping(result, "template_card")
    if stream is None or not card:
        return None
    return {"msgtype": "stream_with_template_card", "stream": stream, "template_card": card}


def _updated_card(_event: ParsedEvent, result: Content) -> Content | None:
    card = _mapping(result, "template_card")
    if not card:
        return None
    given = result.get("userids")
    people = [each for each in given if isinstance(each, str)] if isinstance(given, list | tuple) else []
    named = {"userids": people} if people else {}
    return {"response_type": "update_template_card", **named, "template_card": card}


def _stream_part(event: ParsedEvent, result: Content) -> Content | None:
    """Return a stream: finished unless said otherwise, since only a handler that says so has more to tell.

    An unfinished one may be empty (the platform shows that the bot thinks), a finished one may not.
    """
    is_finished = result.get("finish") is not False
    content, pictures = _cut(_text(result, "content")), _pictures(result) if is_finished else []
    if is_finished and not content.strip() and not pictures:
        return None
    stream: dict[str, Any] = {"id": _stream_id(event, result), "finish": is_finished, "content": content}
    if pictures:
        stream["msg_item"] = pictures
    if feedback := _identifier(_mapping(result, "feedback")):
        stream["feedback"] = {"id": feedback}
    return stream


def _stream_id(event: ParsedEvent, result: Content) -> str:
    """Return the id of a stream: of the one that is asked for, else the handler's own, else one made of the message.

    The same message gets the same id when it is answered twice.
    """
    asked = _text(_mapping(event.data, "stream"), "id") if event.type == STREAM_POLL else ""
    return asked or _identifier(result) or sha256_hex((event.key or "").encode())[:32]


def _pictures(result: Content) -> list[Content]:
    given = result.get("msg_item")
    items = given if isinstance(given, list | tuple) else ()
    return [item for item in items if isinstance(item, Mapping)][:MAX_PICTURES]


def _identifier(content: Content) -> str:
    """Return an id of the handler's own, empty for one that the platform would not take; a cut one would be another id."""
    found = _text(content, "id")
    return found if len(found.encode()) <= LONGEST_ID_BYTES else ""


def _mapping(content: Content, name: str) -> Content:
    found = content.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(content: Content, name: str) -> str:
    """Return a text with U+FFFD for what UTF-8 cannot carry, empty for anything else."""
    found = content.get(name)
    return found.encode("utf-8", "replace").decode() if isinstance(found, str) else ""


def _cut(text: str) -> str:
    """Shorten to the limit in bytes without splitting a character."""
    return text.encode()[:MAX_STREAM_BYTES].decode("utf-8", "ignore")


TO_A_MESSAGE: Mapping[str, Wording] = {
    "text": _stream,
    "stream": _stream,
    "template_card": _card,
    "stream_with_template_card": _stream_with_card,
}
TO_AN_EVENT: Mapping[str, Mapping[str, Wording]] = {
    "event.enter_chat": {"text": _welcome, "template_card": _card},
    "event.template_card_event": {"update_template_card": _updated_card},
}
