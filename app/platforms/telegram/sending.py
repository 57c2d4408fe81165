"""Messages of a Telegram bot, in HTML.

What is odd: the bot's token stands in the address. Text that cannot be read as HTML is refused ("can't parse entities"),
and is then sent once more as plain text. A group that became a supergroup has another id, which the refusal names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Final

from app.config.platform_settings import plain_text
from app.core.errors import RequestError
from app.core.ports import HttpAnswer
from app.core.sending import Lent, Message, Pace, Part, QuotaReached, Recipient, SendRefused, SendResult
from app.core.sent_messages import Sent
from app.core.values import JSON
from app.platforms.telegram.settings import TelegramSettings
from app.wire.native_messages import native_content, preview_of, text_in
from app.wire.send_answers import (
    MINUTE,
    TOO_MANY_REQUESTS,
    Fault,
    check_busy,
    content_of,
    refusal,
    text_of,
    unreadable,
)
from app.wire.texts import Dialect, Limit, write_parts

PLATFORM_NAME: Final = "Telegram"
MOST_CHARACTERS: Final = 4096
"""After the markup is read ("sendMessage"); counted in UTF-16, as its offsets are, which is unconfirmed for the limit."""

MOST_CAPTION: Final = 1024
MOST_BYTES: Final = 50_000
MOST_WAIT: Final = 3600
NATIVE: Final = {"sendMessage": ("text",), "sendPhoto": ("photo",), "sendDocument": ("document",)}
OURS: Final = ("chat_id",)
GONE: Final = "message to delete not found"
TAG = re.compile(r"<[^<>]{1,2000}>")
PERSON = re.compile(r"[0-9]{3,20}")
NAME = re.compile(r"@[A-Za-z0-9_]{4,40}")

BY_TEXT: Final = (
    ("message is too long", Fault("content", "The text is too long for Telegram; shorten it.")),
    ("message text is empty", Fault("content", "The text was empty.")),
    ("can't parse entities", Fault("content", "Telegram cannot read the text's markup; check its tags.")),
    ("chat not found", Fault("recipient", "Telegram knows no such chat; the bot must be in it, or the person must have written to it.")),
    ("group chat was upgraded", Fault("recipient", "The group became a supergroup and has a new id; use that one.")),
    ("not enough rights", Fault("settings", "The bot may not write there; make it an administrator of the chat.")),
    ("message can't be deleted", Fault("content", "Telegram lets a bot delete its messages for 48 hours, and in groups only while it may.")),
    ("wrong file identifier", Fault("content", "Telegram knows no such file, or cannot fetch it from its address.")),
    ("failed to get http url content", Fault("content", "Telegram cannot fetch the file from its address.")),
    ("bot was blocked", Fault("recipient", "This person has blocked the bot.")),
    ("bot was kicked", Fault("recipient", "The bot was removed from this group; add it again.")),
    ("can't initiate conversation", Fault("recipient", "This person must write to the bot first.")),
    ("user is deactivated", Fault("recipient", "This person's account is gone.")),
)  # fmt: skip
"""Telegram has one code for many faults, so its words tell them apart."""

FAULTS: Final = {
    "401": Fault("settings", "Telegram does not take bot_token; ask BotFather for it again."),
    "403": Fault("recipient", "Telegram does not let the bot write to this chat."),
    "404": Fault(
        "settings", "Telegram knows no bot with bot_token; ask BotFather for it again, and check api_base."
    ),
}


@dataclass(frozen=True, repr=False)
class TelegramBot:
    """One bot; sending is derived from it."""

    settings: TelegramSettings


class TelegramSender(TelegramBot):
    """Sends messages and takes them back; satisfies Sender and Recaller."""

    most_recipients = 1
    recognises_repeats = False
    # /bots/faq: one a second in a chat, 20 a minute in a group, 30 a second over all (read 2026-11-28).
    paces: tuple[Pace, ...] = (
        Pace(30, 1.0),
        Pace(1, 1.0, each_recipient=True),
        Pace(20, 60.0, each_recipient=True),
    )

    @property
    def recipient_kinds(self) -> tuple[str, ...]:
        """Chats and people; with a chat in the settings also nobody in particular."""
        return ("robot", "chat_id", "user_id") if self.settings.chat_id else ("chat_id", "user_id")

    def needs_app_token(self, kind: str) -> bool:
        """Return false: the bot's token is in the settings and does not run out."""
        return False

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into a method and its parameters, without the chat."""
        if message.is_native:
            return [_native(message)]
        called = _mentions(message.mentions)
        limit = Limit("utf16", MOST_CHARACTERS, reserve=100 + len(called))
        written = write_parts(
            message.title, message.text, message.format, Dialect.TELEGRAM_HTML, limit, title_in_text=True
        )
        return [
            Part(
                _call(
                    "sendMessage",
                    {"text": called + each.text if number == 0 else each.text, "parse_mode": "HTML"},
                ),
                preview_of(each.plain),
            )
            for number, each in enumerate(written)
        ]

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part to one chat; when its markup cannot be read, once more as plain text."""
        chat = self.settings.chat_id if to[0].kind == "robot" else to[0].value
        parameters = {**part.body["parameters"], "chat_id": chat}
        answer = self._call(part.body["method"], parameters, lent)
        if "parse_mode" in parameters and "can't parse entities" in _description(answer):
            plain = {name: value for name, value in parameters.items() if name != "parse_mode"}
            answer = self._call(part.body["method"], {**plain, **_without_markup(plain)}, lent)
        return _said(answer)

    def recalls(self, kind: str) -> bool:
        """Say whether messages can be taken back: all of them."""
        return True

    def recall(self, sent: Sent, lent: Lent) -> None:
        """Delete a message; a bot may do so for 48 hours ("deleteMessage", read 2026-11-29)."""
        chat = self.settings.chat_id if sent.kind == "robot" else sent.values[0]
        if sent.message_id.isdigit():
            parameters = {"chat_id": chat, "message_id": int(sent.message_id)}
            answer = self._call("deleteMessage", parameters, lent)
            if GONE not in _description(answer):
                _said(answer)

    def _call(self, method: str, parameters: Mapping[str, Any], lent: Lent) -> HttpAnswer:
        address = f"{self.settings.api_base}/bot{plain_text(self.settings.bot_token)}/{method}"
        return lent.http.request("POST", address, json=parameters)


def _call(method: str, parameters: JSON) -> JSON:
    return {"method": method, "parameters": parameters}


def _native(message: Message) -> Part:
    """Judge parameters in Telegram's own words; `type` is the method."""
    content = native_content(
        message,
        PLATFORM_NAME,
        types=NATIVE,
        any_of=NATIVE.get(message.type, ()),
        ours=OURS,
        most_bytes=MOST_BYTES,
    )
    # Tags do not count, so a text with markup is judged by Telegram.
    most = MOST_BYTES if content.get("parse_mode") else MOST_CHARACTERS
    text_in(content, "text", most=most, platform=PLATFORM_NAME)
    text_in(
        content, "caption", most=most if content.get("parse_mode") else MOST_CAPTION, platform=PLATFORM_NAME
    )
    return Part(
        _call(message.type, content), preview_of(content.get("text"), content.get("caption"), message.type)
    )


def _mentions(mentions: Sequence[str]) -> str:
    """Return the mentions in front of the text; Telegram has none of everybody, so @all is left out."""
    named = [each for each in mentions if each != "@all"]
    if not all(PERSON.fullmatch(each) or NAME.fullmatch(each) for each in named):
        raise RequestError("bad_mentions", "Telegram mentions @names or ids of people (digits).")
    said = [f'<a href="tg://user?id={each}">{each}</a>' if PERSON.fullmatch(each) else each for each in named]
    return " ".join(said) + "\n" if said else ""


def _without_markup(parameters: Mapping[str, Any]) -> JSON:
    """Return the texts without their tags."""
    texts = {name: parameters[name] for name in ("text", "caption") if isinstance(parameters.get(name), str)}
    return {name: unescape(TAG.sub("", text)) for name, text in texts.items()}


def _description(answer: HttpAnswer) -> str:
    if answer.status != 400:  # noqa: PLR2004
        return ""
    words = content_of(answer, PLATFORM_NAME, FAULTS).get("description")
    return words[:500].lower() if isinstance(words, str) else ""


def _said(answer: HttpAnswer) -> SendResult:
    if answer.status == TOO_MANY_REQUESTS:
        raise _limit(content_of(answer, PLATFORM_NAME, FAULTS))
    check_busy(answer, PLATFORM_NAME)
    content = content_of(answer, PLATFORM_NAME, FAULTS)
    result = content.get("result")
    if content.get("ok") is True and (result is True or isinstance(result, dict)):
        return SendResult(message_id=None if result is True else text_of(result, "message_id"))
    code = content.get("error_code")
    if code is None:
        raise unreadable(PLATFORM_NAME)
    if code == TOO_MANY_REQUESTS:
        raise _limit(content)
    raise _refused(str(code), str(content.get("description", ""))[:500].lower())


def _refused(code: str, words: str) -> SendRefused:
    fault = next((fault for said, fault in BY_TEXT if said in words), None)
    return refusal(PLATFORM_NAME, code, FAULTS if fault is None else {code: fault})


def _limit(content: Mapping[str, Any]) -> QuotaReached:
    asked = content.get("parameters")
    wait = asked.get("retry_after") if isinstance(asked, Mapping) else None
    is_time = isinstance(wait, int) and not isinstance(wait, bool) and wait >= 0
    return QuotaReached(
        "Telegram takes no more messages of this bot for the moment; sending goes on by itself.",
        retry_after=max(1, min(wait, MOST_WAIT)) if is_time and wait is not None else MINUTE,
        platform_code="429",
    )
