"""Messages by PushPlus.

What is odd: the answer is 200 whatever happened, and `code` 200 says that the message was accepted, not that it arrived. Code
900 means stop for the day: more calls make the ban longer (more than 200 a day: two days, then seven).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.config.platform_settings import plain_text
from app.core.errors import UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.core.sending import Lent, Message, Pace, Part, QuotaReached, Recipient, SendResult
from app.platforms.pushplus.settings import PushplusSettings
from app.wire.beijing_time import seconds_until_tomorrow
from app.wire.native_messages import native_content, preview_of, text_in
from app.wire.send_answers import Fault, check_busy, content_of, refusal, text_of, unreadable
from app.wire.texts import Dialect, Limit, write_parts

PLATFORM_NAME: Final = "PushPlus"
MOST_CHARACTERS: Final = 20_000
MOST_BYTES: Final = 200_000
OURS: Final = ("token",)
GOOD, BUSY, STOP = 200, 500, 900

FAULTS: Final = {
    "302": Fault("settings", "PushPlus wants the account to log in; open its page once."),
    "401": Fault("settings", "PushPlus does not take the request as authorised; check token."),
    "403": Fault(
        "settings", "This server's address may not call; add it to the account's list of safe addresses."
    ),
    "600": Fault("content", "PushPlus finds the message's data wrong; check its fields."),
    "805": Fault("settings", "The account may not do this; look at its page."),
    "888": Fault("settings", "The account has no points left; this way of sending costs some."),
    "903": Fault("settings", "PushPlus does not know the token; copy it again."),
    "905": Fault("settings", "The account must confirm its real name first, on the page of PushPlus."),
    "999": Fault("content", "PushPlus refuses a parameter; check title, content and template."),
}


@dataclass(frozen=True, repr=False)
class PushplusAccount:
    """One account; sending is derived from it."""

    settings: PushplusSettings


class PushplusSender(PushplusAccount):
    """Sends messages; satisfies app.core.sending.Sender."""

    recipient_kinds: tuple[str, ...] = ("robot",)
    most_recipients = 1
    recognises_repeats = False
    # "消息接口文档": 200 a day for an account that is not a member (read 2026-11-28).
    paces: tuple[Pace, ...] = (Pace(200, 86_400.0),)

    def needs_app_token(self, kind: str) -> bool:
        """Return false: the account's token is in the settings."""
        return False

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into calls' bodies, without the token."""
        if message.is_native:
            content = native_content(
                message,
                PLATFORM_NAME,
                types=("message",),
                any_of=("content",),
                ours=OURS,
                most_bytes=MOST_BYTES,
            )
            if isinstance(content["content"], str):
                text_in(content, "content", most=MOST_CHARACTERS, platform=PLATFORM_NAME)
            return [Part(content, preview_of(content.get("title"), content["content"], "message"))]
        limit = Limit("characters", MOST_CHARACTERS, reserve=100)
        written = write_parts(message.title, message.text, message.format, Dialect.COMMONMARK, limit)
        own = {"topic": self.settings.topic, "channel": self.settings.way}
        chosen = {name: value for name, value in own.items() if value}
        return [
            Part(
                {"title": each.title, "content": each.text, "template": "markdown", **chosen},
                preview_of(each.title, each.plain),
            )
            for each in written
        ]

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part, once."""
        body = {**part.body, "token": plain_text(self.settings.token)}
        answer = lent.http.request("POST", f"{self.settings.api_base}/send", json=body)
        return _said(answer, lent.now)


def _said(answer: HttpAnswer, now: datetime) -> SendResult:
    check_busy(answer, PLATFORM_NAME)
    content = content_of(answer, PLATFORM_NAME, FAULTS)
    code = content.get("code")
    if code == GOOD:
        return SendResult(message_id=text_of(content, "data"), accepted_only=True)
    if code is None:
        raise unreadable(PLATFORM_NAME)
    if code == STOP:
        raise QuotaReached(
            "PushPlus bans the account for today because it sent too much; nothing more is sent before tomorrow.",
            retry_after=seconds_until_tomorrow(now),
            platform_code="900",
        )
    if code == BUSY:
        raise UpstreamUnavailable(
            "PushPlus has a fault of its own; the message is sent again later.",
            platform_code="500",
            was_sent=False,
        )
    raise refusal(PLATFORM_NAME, code, FAULTS)
