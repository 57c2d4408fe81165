"""Messages by Server酱.

What is odd: the key stands in the address, and for the third edition its number in the host. One code, 40001, means a wrong key
and a used-up allowance of the day alike; only the words tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.config.platform_settings import plain_text
from app.core.ports import HttpAnswer
from app.core.sending import Lent, Message, Pace, Part, QuotaReached, Recipient, SendResult
from app.platforms.serverchan.settings import SEND_KEY, ServerchanSettings
from app.wire.beijing_time import seconds_until_tomorrow
from app.wire.native_messages import native_content, preview_of
from app.wire.send_answers import Fault, check_busy, content_of, refusal, text_of, unreadable
from app.wire.texts import Dialect, Limit, write_parts

PLATFORM_NAME: Final = "Server酱"
TURBO: Final = "https://sctapi.ftqq.com"
MOST_TITLE: Final = 32
MOST_TEXT_BYTES: Final = 32_000
"""32 characters of title and 32 KB of text are widely quoted; unconfirmed."""

MOST_BYTES: Final = 40_000
OVER_QUOTA: Final = ("超过当天", "发送次数限制", "超过每分钟")
GOOD: Final = 0

FAULTS: Final = {
    "40001": Fault("settings", "Server酱 does not know the SendKey; copy it again from its page."),
    "40002": Fault("content", "Server酱 needs a title; give the message one."),
    "404": Fault("settings", "Server酱 does not know this address; check send_key and api_base."),
}


@dataclass(frozen=True, repr=False)
class ServerchanKey:
    """One key; sending is derived from it."""

    settings: ServerchanSettings

    @property
    def address(self) -> str:
        """Where this key sends to; it holds the key."""
        key = plain_text(self.settings.send_key)
        number = _number_of(key)
        base = self.settings.api_base or (f"https://{number}.push.ft07.com" if number else TURBO)
        return f"{base}/send/{key}.send" if number else f"{base}/{key}.send"

    @property
    def origins(self) -> frozenset[str]:
        """The one origin it calls."""
        return frozenset({"/".join(self.address.split("/")[:3])})


class ServerchanSender(ServerchanKey):
    """Sends messages; satisfies app.core.sending.Sender."""

    recipient_kinds: tuple[str, ...] = ("robot",)
    most_recipients = 1
    recognises_repeats = False
    # An account that does not pay has 5 a day and is told so; how many others have is theirs to know.
    paces: tuple[Pace, ...] = ()

    def needs_app_token(self, kind: str) -> bool:
        """Return false: the key is all there is."""
        return False

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into calls' bodies; a title that is too long is cut, and stands whole in the text."""
        if message.is_native:
            content = native_content(
                message, PLATFORM_NAME, types=("message",), any_of=("title", "text"), most_bytes=MOST_BYTES
            )
            return [Part(content, preview_of(content.get("title"), content.get("desp"), "message"))]
        limit = Limit("bytes", MOST_TEXT_BYTES, reserve=100)
        is_long = len(message.title) > MOST_TITLE
        written = write_parts(
            message.title, message.text, message.format, Dialect.COMMONMARK, limit, title_in_text=is_long
        )
        tags = {"tags": self.settings.tags} if self.settings.tags else {}
        return [
            Part(
                {"title": _title(each.title or message.title or each.plain), "desp": each.text, **tags},
                preview_of(each.title, each.plain),
            )
            for each in written
        ]

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part, once."""
        return _said(lent.http.request("POST", self.address, json=part.body), lent.now)


def _number_of(key: str) -> str:
    found = SEND_KEY.fullmatch(key)
    return (found[1] or "") if found else ""


def _title(text: str) -> str:
    line = " ".join(text[:400].split())
    return line if len(line) <= MOST_TITLE else line[: MOST_TITLE - 1] + "…"


def _said(answer: HttpAnswer, now: datetime) -> SendResult:
    check_busy(answer, PLATFORM_NAME)
    content = content_of(answer, PLATFORM_NAME, FAULTS)
    code, data = content.get("code"), content.get("data")
    if code == GOOD:
        # `readkey` beside it is a secret, so it is not kept.
        return SendResult(
            message_id=text_of(data, "pushid") if isinstance(data, dict) else None, accepted_only=True
        )
    if code is None:
        raise unreadable(PLATFORM_NAME)
    if any(words in str(content.get("message", ""))[:500] for words in OVER_QUOTA):
        raise QuotaReached(
            "Server酱's allowance for today is used up; sending goes on tomorrow.",
            retry_after=seconds_until_tomorrow(now),
            platform_code=str(code),
        )
    raise refusal(PLATFORM_NAME, code, FAULTS)
