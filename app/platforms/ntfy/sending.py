"""Notifications by ntfy, published as JSON.

What is odd: a message longer than the server takes becomes a file that subscribers download, so it is split before. The
server counts requests of an address, 60 and one more every 5 seconds, and has an allowance for the day.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.config.platform_settings import plain_text
from app.core.ports import HttpAnswer
from app.core.sending import Lent, Message, Pace, Part, QuotaReached, Recipient, SendResult
from app.platforms.ntfy.settings import NtfySettings
from app.wire.native_messages import native_content, preview_of
from app.wire.send_answers import GOOD, TOO_MANY_REQUESTS, Fault, check_busy, content_of, refusal, text_of
from app.wire.texts import Dialect, Limit, write_parts

PLATFORM_NAME: Final = "ntfy"
MOST_MESSAGE_BYTES: Final = 4096
MOST_BYTES: Final = 20_000
"""A bound of ours for everything beside the message."""

HOUR: Final = 3600
DAILY_QUOTAS: Final = frozenset({42905, 42908})
"""Bytes and messages of a day (server/errors.go); when it is renewed the server does not say, so it is asked every hour."""

FAULTS: Final = {
    "40009": Fault("settings", "ntfy does not take the topic's name; correct `topic`."),
    "40010": Fault("settings", "The server keeps this topic for itself; choose another one."),
    "40007": Fault("content", "ntfy takes priorities from 1 to 5."),
    "40013": Fault("content", "ntfy cannot read the attachment's address."),
    "40014": Fault("content", "This server takes no attachments."),
    "40017": Fault("content", "ntfy cannot read the message; check its fields."),
    "40018": Fault("content", "ntfy cannot read `actions`; check them."),
    "40021": Fault("content", "ntfy cannot read the icon's address."),
    "40024": Fault("content", "ntfy cannot read the message as JSON; check its fields."),
    "40101": Fault("settings", "ntfy does not take token, or username and password."),
    "40301": Fault("settings", "This user may not write to the topic; change its access on the server."),
    "40401": Fault("settings", "There is no ntfy at api_base; check the address."),
    "41301": Fault("content", "An attachment is too large for this server."),
    "41303": Fault("content", "The message is too large for this server; shorten it."),
    "50701": Fault("recipient", "Nobody is subscribed to this topic any more (UnifiedPush)."),
    "404": Fault("settings", "There is no ntfy at api_base; check the address."),
}


@dataclass(frozen=True, repr=False)
class NtfyTopic:
    """One topic; sending is derived from it."""

    settings: NtfySettings


class NtfySender(NtfyTopic):
    """Sends messages; satisfies app.core.sending.Sender."""

    recipient_kinds: tuple[str, ...] = ("robot",)
    most_recipients = 1
    recognises_repeats = False
    # "Limitations": 60 requests, then one every 5 seconds (read 2026-11-28).
    paces: tuple[Pace, ...] = (Pace(60, 300.0),)

    def needs_app_token(self, kind: str) -> bool:
        """Return false: what the server asks for is in the settings."""
        return False

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into what is published, without the topic."""
        if message.is_native:
            content = native_content(
                message, PLATFORM_NAME, types=("message",), any_of=("message", "title", "attach"), ours=("topic",),
                most_bytes=MOST_BYTES,
            )  # fmt: skip
            return [Part(content, preview_of(content.get("message"), content.get("title"), "attach"))]
        limit = Limit("bytes", MOST_MESSAGE_BYTES, reserve=100)
        written = write_parts(message.title, message.text, message.format, Dialect.COMMONMARK, limit)
        own = self._own()
        return [
            Part(
                {
                    "message": each.text,
                    "markdown": True,
                    **({"title": each.title} if each.title else {}),
                    **own,
                },
                preview_of(each.plain, each.title),
            )
            for each in written
        ]

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Publish one part, once."""
        body = {**part.body, "topic": plain_text(self.settings.topic)}
        answer = lent.http.request("POST", f"{self.settings.api_base}/", json=body, headers=self._headers())
        return _said(answer)

    def _own(self) -> dict[str, object]:
        own = self.settings
        priority = {"priority": own.priority} if own.priority is not None else {}
        return {**priority, **({"tags": list(own.tags)} if own.tags else {})}

    def _headers(self) -> dict[str, str]:
        own = self.settings
        if token := plain_text(own.token):
            return {"Authorization": f"Bearer {token}"}
        if not own.username:
            return {}
        pair = f"{own.username}:{plain_text(own.password)}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _said(answer: HttpAnswer) -> SendResult:
    if answer.status != TOO_MANY_REQUESTS:
        check_busy_but_unsubscribed(answer)
    content = content_of(answer, PLATFORM_NAME, FAULTS)
    code = content.get("code")
    if answer.status == TOO_MANY_REQUESTS:
        is_daily = code in DAILY_QUOTAS
        if not is_daily:
            check_busy(answer, PLATFORM_NAME)
        raise QuotaReached(
            "The server's allowance for today is used up; sending goes on when it is renewed.",
            retry_after=HOUR,
            platform_code=str(code),
        )
    if answer.status in GOOD and (found := text_of(content, "id")) is not None:
        return SendResult(message_id=found)
    raise refusal(PLATFORM_NAME, code if code is not None else answer.status, FAULTS)


def check_busy_but_unsubscribed(answer: HttpAnswer) -> None:
    """Judge the statuses that pass by themselves; 507 says that nobody is subscribed, and does not."""
    if answer.status != 507:  # noqa: PLR2004
        check_busy(answer, PLATFORM_NAME)
