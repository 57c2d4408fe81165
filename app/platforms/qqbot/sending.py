"""Replies of a QQ bot, to people and in groups.

Source: tencent-connect/bot-docs, page 发送消息 (read 2026-11-28). What is odd: a reply names the message it answers to, and a number that
makes it another one; the same two again are refused, which is how a repeat is told. A receiver is therefore written as the openid,
`/`, and the message's id: `E4F4AEA3…/ROBOT1.0_…`; `event:` in front of an event's id. 4,000 characters of text are `unconfirmed`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.core.errors import UpstreamError
from app.core.ports import HttpAnswer
from app.core.sending import Lent, Message, Pace, Part, Recipient, SendRefused, SendResult
from app.core.values import JSON, Event
from app.platforms.qqbot.bot import QqBot
from app.platforms.qqbot.send_rules import IN_REVIEW, NO_PUSH, REPEATED, RULES
from app.wire.native_messages import MOST_PREVIEWED, NativeType, check_native, native_preview
from app.wire.send_answers import RECIPIENT, SETTINGS, taken
from app.wire.texts import Dialect, Limit, write_parts

PERSON, GROUP = "open_id", "chat_id"
PATHS: Final = {PERSON: "v2/users", GROUP: "v2/groups"}
TEXT_CHARACTERS: Final = 4000
RESERVE: Final = 20
"""Characters kept for the number of a part."""

OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ANSWERED = re.compile(r"[!-~]{1,256}")
EVENT: Final = "event:"
SEQUENCES: Final = 6
"""Hex digits of the repeat key that make a reply's number."""

OK, IN_REVIEW_STATUS = 200, (201, 202)
LONGEST_ID: Final = 256
LONGEST_VALUE: Final = 255
"""Characters of a receiver."""


def _something(content: JSON) -> str | None:
    return None if content else "content must hold what QQ's page on this type says."


NATIVE: Final[Mapping[str, tuple[int, NativeType]]] = {
    "text": (0, NativeType(needs=("content",))),
    "markdown": (2, NativeType(fault=_something)),
    "ark": (3, NativeType(fault=_something)),
    "embed": (4, NativeType(fault=_something)),
    "media": (7, NativeType(needs=("file_info",))),
}
"""The types that `type` may name, with QQ's own number for each."""

TYPES: Final = {name: kind for name, (_, kind) in NATIVE.items()}


class QqBotSender(QqBot):
    """Replies; satisfies Sender and ReplyTarget of app.core.sending."""

    recipient_kinds: tuple[str, ...] = (PERSON, GROUP)
    most_recipients: int = 1
    recognises_repeats: bool = True
    paces: tuple[Pace, ...] = ()
    """Page 发送消息 gives no pace of replies, but five to each message."""

    def needs_app_token(self, _kind: str) -> bool:
        """Return true: everything goes with the bot's token."""
        return True

    def parts(self, message: Message, _kind: str) -> Sequence[Part]:
        """Turn a message into replies; plain text, since Markdown is by invitation."""
        if message.is_native:
            check_native(message, TYPES, "QQ")
            return [Part(_native_body(message), preview=native_preview(message))]
        limit = Limit("characters", TEXT_CHARACTERS, RESERVE)
        written = write_parts(
            message.title, message.text, message.format, Dialect.PLAIN_WITH_TAGS, limit, title_in_text=True
        )
        return [
            Part({"msg_type": 0, "content": each.text}, preview=each.plain[:MOST_PREVIEWED])
            for each in written
        ]

    def reply_to(self, event: Event) -> Recipient | None:
        """Answer a person's message, or one in a group, while its window is open."""
        data = event.data.get("d")
        said: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        author = said.get("author")
        kind, openid = GROUP, said.get("group_openid")
        if openid is None and isinstance(author, Mapping):
            kind, openid = PERSON, author.get("user_openid")
        identifier = said.get("id")
        if not (isinstance(openid, str) and OPENID.fullmatch(openid)):
            return None
        is_usable = isinstance(identifier, str) and len(openid) + len(identifier) < LONGEST_VALUE
        return (
            Recipient(kind, f"{openid}/{identifier}")
            if is_usable and ANSWERED.fullmatch(str(identifier))
            else None
        )

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one reply, once."""
        openid, answers_to = _addressed(to[0])
        if not lent.app_token:
            raise SendRefused(SETTINGS, "A QQ bot's replies need its token; set app_id and secret.")
        answer = lent.http.request(
            "POST",
            f"{self.settings.api_base}/{PATHS[to[0].kind]}/{openid}/messages",
            json={**part.body, **answers_to, "msg_seq": 1 + int(lent.repeat_key[:SEQUENCES], 16)},
            headers={"Authorization": f"QQBot {lent.app_token}"},
        )
        return _result(answer)


def _native_body(message: Message) -> dict[str, Any]:
    number, _ = NATIVE[message.type]
    if message.type == "text":
        return {"msg_type": number, **message.content}
    # A file's message must hold some text too, at least a blank (page 发送消息).
    blank = {"content": " "} if message.type == "media" else {}
    return {"msg_type": number, message.type: message.content, **blank}


def _addressed(to: Recipient) -> tuple[str, dict[str, str]]:
    """Return whom a reply goes to, and what names the message it answers to; raises SendRefused."""
    openid, _, answered = to.value.partition("/")
    if not OPENID.fullmatch(openid):
        raise SendRefused(
            RECIPIENT, "A receiver is written as the openid, /, and the id of the message that is answered."
        )
    name, identifier = (
        ("event_id", answered[len(EVENT) :]) if answered.startswith(EVENT) else ("msg_id", answered)
    )
    if not ANSWERED.fullmatch(identifier):
        raise SendRefused(RECIPIENT, NO_PUSH)
    return openid, {name: identifier}


def _result(answer: HttpAnswer) -> SendResult:
    """Judge an answer: a success has no number, 201 and 202 hold one although the message was taken."""
    try:
        content = answer.json_object()
    except UpstreamError:
        content = {}
    code, message_id = content.get("code"), content.get("id")
    if code in REPEATED:
        return SendResult(accepted_only=True)
    if answer.status in IN_REVIEW_STATUS and code in IN_REVIEW:
        return SendResult(accepted_only=True)
    if answer.status == OK and isinstance(message_id, str) and 0 < len(message_id) <= LONGEST_ID:
        return SendResult(message_id=message_id)
    taken(answer, RULES)
    return SendResult()
