"""Messages to Discord by a channel's webhook.

What is odd: without `wait` an answer says nothing about the message, so it is always asked for. Whoever the text names is
only told when `allowed_mentions` lets them; the gateway allows nobody but those that a message lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any, Final
from urllib.parse import quote

from app.config.platform_settings import plain_text
from app.core.errors import RequestError
from app.core.ports import HttpAnswer
from app.core.sending import Lent, Message, Pace, Part, QuotaReached, Recipient, SendResult
from app.core.sent_messages import Sent
from app.core.values import JSON
from app.platforms.discord.settings import DiscordSettings
from app.wire.native_messages import list_in, native_content, preview_of, text_in
from app.wire.send_answers import (
    GOOD,
    MINUTE,
    TOO_MANY_REQUESTS,
    Fault,
    check_busy,
    content_of,
    refusal,
    text_of,
)
from app.wire.texts import Dialect, Limit, write_parts

PLATFORM_NAME: Final = "Discord"
MOST_CHARACTERS: Final = 2000
MOST_EMBEDS: Final = 10
MOST_EMBED_CHARACTERS: Final = 6000
"""Over all embeds of a message, its texts together ("Embed Limits")."""

MOST_BYTES: Final = 100_000
MOST_WAIT: Final = 3600
UNKNOWN_MESSAGE: Final = "10008"
EMBED_TEXTS: Final = ("title", "description")
MENTION = re.compile(r"[0-9]{15,22}")

FAULTS: Final = {
    "10015": Fault("settings", "The webhook was deleted; make a new one (channel settings, Integrations) and set robot_hook."),
    "50027": Fault("settings", "robot_hook holds a wrong token; copy the webhook's address again."),
    "10003": Fault("settings", "The webhook's channel is gone; make a webhook in another one."),
    "50006": Fault("content", "The message was empty; give it a text or an embed."),
    "50035": Fault("content", "Discord cannot read the message; check its fields against the page of webhooks."),
    "50109": Fault("content", "Discord cannot read the message as JSON."),
    "40005": Fault("content", "The message is too large for Discord; shorten it."),
    "220001": Fault("content", "A forum channel needs `thread_name` or a thread; use another channel, or native content."),
    "404": Fault("settings", "There is no webhook at robot_hook; copy its address again."),
    "401": Fault("settings", "robot_hook holds a wrong token; copy the webhook's address again."),
    "403": Fault("settings", "Discord forbids this webhook to post; look at the server's integrations."),
}  # fmt: skip


@dataclass(frozen=True, repr=False)
class DiscordWebhook:
    """One webhook; sending is derived from it."""

    settings: DiscordSettings


class DiscordSender(DiscordWebhook):
    """Sends messages and takes them back; satisfies Sender and Recaller."""

    recipient_kinds: tuple[str, ...] = ("robot",)
    most_recipients = 1
    recognises_repeats = False
    # 5 in 2 seconds and 30 a minute for each webhook are widely quoted; unconfirmed. "Rate Limits": the headers decide.
    paces: tuple[Pace, ...] = (Pace(5, 2.0), Pace(30, 60.0))

    def needs_app_token(self, kind: str) -> bool:
        """Return false: the webhook's address is its key."""
        return False

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into calls' bodies."""
        if message.is_native:
            content = native_content(
                message, PLATFORM_NAME, types=("message",), any_of=("content", "embeds", "components", "poll"),
                most_bytes=MOST_BYTES,
            )  # fmt: skip
            text_in(content, "content", most=MOST_CHARACTERS, platform=PLATFORM_NAME)
            list_in(content, "embeds", most=MOST_EMBEDS, platform=PLATFORM_NAME)
            _check_embeds(content.get("embeds") or [])
            return [Part(content, preview_of(content.get("content"), "embeds"))]
        called, allowed = _mentions(message.mentions)
        limit = Limit("characters", MOST_CHARACTERS, reserve=50 + len(called))
        written = write_parts(
            message.title, message.text, message.format, Dialect.DISCORD, limit, title_in_text=True
        )
        return [
            Part(
                {
                    "content": called + each.text if number == 0 else each.text,
                    "allowed_mentions": allowed if number == 0 else {"parse": []},
                },
                preview_of(each.plain),
            )
            for number, each in enumerate(written)
        ]

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part to the webhook's channel, once."""
        hook = plain_text(self.settings.robot_hook)
        answer = lent.http.request("POST", hook, params={"wait": "true"}, json=part.body)
        _check_limit(answer)
        check_busy(answer, PLATFORM_NAME)
        if answer.status == 204:  # noqa: PLR2004
            return SendResult(accepted_only=True)
        content = content_of(answer, PLATFORM_NAME, FAULTS)
        if answer.status in GOOD:
            return SendResult(message_id=text_of(content, "id"))
        code = str(content.get("code") or answer.status)
        raise refusal(PLATFORM_NAME, code if code in FAULTS else _status_or(code, answer.status), FAULTS)

    def recalls(self, kind: str) -> bool:
        """Say whether messages can be taken back: all of them."""
        return True

    def recall(self, sent: Sent, lent: Lent) -> None:
        """Delete a message of the webhook ("Delete Webhook Message", read 2026-11-29); one that is gone is no error."""
        address = _message_address(plain_text(self.settings.robot_hook), sent.message_id)
        answer = lent.http.request("DELETE", address)
        if answer.status in GOOD:
            return
        _check_limit(answer)
        check_busy(answer, PLATFORM_NAME)
        code = str(content_of(answer, PLATFORM_NAME, FAULTS).get("code") or answer.status)
        if code != UNKNOWN_MESSAGE:
            raise refusal(PLATFORM_NAME, code if code in FAULTS else _status_or(code, answer.status), FAULTS)


def _message_address(hook: str, message_id: str) -> str:
    """Return the address of one message below its webhook; what stands behind `?` (a thread) stays there."""
    address, mark, query = hook.partition("?")
    return f"{address.rstrip('/')}/messages/{quote(message_id, safe='')}{mark}{query}"


def _status_or(code: str, status: int) -> str:
    """Return what is classified: the status where it says enough (a proxy's 404, code 0), else the code."""
    return str(status) if code == "0" or code == str(status) else code


def _mentions(mentions: Sequence[str]) -> tuple[str, JSON]:
    """Return the mentions in front of the text, and who may be told."""
    if not all(each == "@all" or MENTION.fullmatch(each) for each in mentions):
        raise RequestError(
            "bad_mentions", "Discord mentions @all or ids of people (17 to 20 digits), not names."
        )
    said = ["@everyone" if each == "@all" else f"<@{each}>" for each in mentions]
    people = [each for each in dict.fromkeys(mentions) if each != "@all"][:100]
    allowed: dict[str, Any] = {"parse": ["everyone"] if "@all" in mentions else []}
    return (" ".join(said) + "\n" if said else ""), allowed | ({"users": people} if people else {})


def _check_embeds(embeds: Sequence[Any]) -> None:
    """Count what Discord counts over all embeds; raises RequestError (400)."""
    total = 0
    for embed in embeds:
        if not isinstance(embed, dict):
            raise RequestError("bad_content", "Each of `embeds` must be an object.")
        texts = [embed.get(name) for name in EMBED_TEXTS]
        for field in embed.get("fields") or []:
            texts += [field.get("name"), field.get("value")] if isinstance(field, Mapping) else []
        total += sum(len(text) for text in texts if isinstance(text, str))
    if total > MOST_EMBED_CHARACTERS:
        raise RequestError(
            "text_too_long",
            f"Discord takes {MOST_EMBED_CHARACTERS} characters over all embeds; shorten them.",
        )


def _check_limit(answer: HttpAnswer) -> None:
    """Read the seconds to wait from the body of a 429, which is more exact than the header."""
    if answer.status != TOO_MANY_REQUESTS:
        return
    wait = content_of(answer, PLATFORM_NAME, FAULTS).get("retry_after")
    is_time = isinstance(wait, int | float) and not isinstance(wait, bool) and isfinite(wait) and wait >= 0
    raise QuotaReached(
        "Discord takes no more messages of this webhook for the moment; sending goes on by itself.",
        retry_after=max(1, min(ceil(wait), MOST_WAIT)) if is_time and wait is not None else MINUTE,
        platform_code="429",
    )
