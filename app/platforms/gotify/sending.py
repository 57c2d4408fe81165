"""Notifications by Gotify, in Markdown.

What is odd: nothing. The server keeps every message until somebody deletes it, so its answer means delivered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.config.platform_settings import plain_text
from app.core.ports import HttpAnswer
from app.core.sending import Lent, Message, Pace, Part, Recipient, SendResult
from app.platforms.gotify.settings import GotifySettings
from app.wire.native_messages import native_content, preview_of
from app.wire.send_answers import GOOD, Fault, check_busy, content_of, refusal, text_of, unreadable
from app.wire.texts import Dialect, Limit, write_parts

PLATFORM_NAME: Final = "Gotify"
MOST_TEXT_BYTES: Final = 60_000
MOST_BYTES: Final = 65_536
"""Gotify names no limit; these are ours, so that a phone can show what comes."""

SHOWN_AS: Final = {"client::display": {"contentType": "text/markdown"}}
"""gotify.net "Message extras" (read 2026-11-28)."""

FAULTS: Final = {
    "400": Fault("content", "Gotify cannot read the message; check its fields."),
    "401": Fault("settings", "Gotify does not take app_token; copy it again from the page Apps."),
    "403": Fault("settings", "app_token is no application's; a client's token sends nothing."),
    "404": Fault("settings", "There is no Gotify at api_base; check the address."),
    "413": Fault("content", "The message is too large for the server; shorten it."),
}


@dataclass(frozen=True, repr=False)
class GotifyApplication:
    """One application; sending is derived from it."""

    settings: GotifySettings


class GotifySender(GotifyApplication):
    """Sends messages; satisfies app.core.sending.Sender."""

    recipient_kinds: tuple[str, ...] = ("robot",)
    most_recipients = 1
    recognises_repeats = False
    # Gotify limits nothing (read 2026-11-28).
    paces: tuple[Pace, ...] = ()

    def needs_app_token(self, kind: str) -> bool:
        """Return false: the application's token is in the settings and does not run out."""
        return False

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into calls' bodies."""
        if message.is_native:
            content = native_content(
                message, PLATFORM_NAME, types=("message",), any_of=("message",), most_bytes=MOST_BYTES
            )
            return [Part(content, preview_of(content["message"], "message"))]
        limit = Limit("bytes", MOST_TEXT_BYTES, reserve=100)
        written = write_parts(message.title, message.text, message.format, Dialect.COMMONMARK, limit)
        own = {} if self.settings.priority is None else {"priority": self.settings.priority}
        return [
            Part(
                {
                    "message": each.text,
                    "extras": SHOWN_AS,
                    **({"title": each.title} if each.title else {}),
                    **own,
                },
                preview_of(each.plain, each.title),
            )
            for each in written
        ]

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part, once."""
        answer = lent.http.request(
            "POST",
            f"{self.settings.api_base}/message",
            json=part.body,
            headers={"X-Gotify-Key": plain_text(self.settings.app_token)},
        )
        return _said(answer)


def _said(answer: HttpAnswer) -> SendResult:
    check_busy(answer, PLATFORM_NAME)
    if answer.status not in GOOD:
        raise refusal(PLATFORM_NAME, answer.status, FAULTS)
    found = text_of(content_of(answer, PLATFORM_NAME, FAULTS), "id")
    if found is None:
        raise unreadable(PLATFORM_NAME)
    return SendResult(message_id=found)
