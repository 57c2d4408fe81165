"""Messages to Slack: by an incoming webhook to its channel, or with the bot token to channels and people.

What is odd: the webhook answers the word `ok` and refuses with a word and a status; the Web API answers 200 whatever
happened, and `ok` in its JSON tells. Nothing recognises a repeated call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.config.platform_settings import plain_text
from app.core.errors import RequestError, UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.core.sending import Lent, Message, Pace, Part, QuotaReached, Recipient, SendResult
from app.core.sent_messages import Sent
from app.platforms.slack.settings import SlackSettings
from app.wire.native_messages import list_in, native_content, preview_of, text_in
from app.wire.send_answers import MINUTE, Fault, check_busy, content_of, refusal, text_of, unreadable
from app.wire.texts import Dialect, Limit, write_parts

PLATFORM_NAME: Final = "Slack"
MOST_CHARACTERS: Final = 4000
"""The page advises 4,000 characters and cuts at 40,000; blocks may be 50, a section's text 3,000 ("chat.postMessage", "Section block")."""

MOST_NATIVE_CHARACTERS: Final = 40_000
MOST_BLOCKS: Final = 50
MOST_BYTES: Final = 200_000
"""A bound of ours: 40,000 characters of Chinese, and blocks beside them."""

OURS: Final = ("channel", "token")
MENTION = re.compile(r"[UW][A-Z0-9]{4,30}")

FAULTS: Final = {
    "invalid_payload": Fault("content", "Slack cannot read the message; check text and blocks."),
    "no_text": Fault("content", "Slack needs a text; the message was empty."),
    "too_many_attachments": Fault("content", "Slack takes 100 attachments; send fewer."),
    "msg_too_long": Fault("content", "The message is too long for Slack; shorten it."),
    "invalid_blocks": Fault("content", "Slack cannot read `blocks`; check them in Block Kit Builder."),
    "invalid_arguments": Fault("content", "Slack cannot read the message; check its fields."),
    "invalid_token": Fault("settings", "The incoming webhook is not valid any more; make a new one."),
    "action_prohibited": Fault("settings", "An administrator of the workspace forbids this webhook."),
    "no_active_hooks": Fault("settings", "Incoming webhooks are switched off in the app; switch them on."),
    "no_service": Fault("settings", "The incoming webhook was removed or disabled; make a new one."),
    "no_service_id": Fault("settings", "robot_hook is not whole; copy it again."),
    "no_team": Fault("settings", "The webhook's workspace is gone; make a new one."),
    "team_disabled": Fault("settings", "The workspace is disabled."),
    "user_not_found": Fault("recipient", "Slack knows no such person; check the id (U…)."),
    "channel_not_found": Fault("recipient", "Slack knows no such channel, or the app may not see it; check the id (C…)."),
    "channel_is_archived": Fault("recipient", "The channel is archived; choose another one."),
    "is_archived": Fault("recipient", "The channel is archived; choose another one."),
    "not_in_channel": Fault("recipient", "The app is not in that channel; invite it with /invite."),
    "restricted_action": Fault("settings", "An administrator keeps this app from posting there."),
    "posting_to_general_channel_denied": Fault("settings", "An administrator keeps this app from the general channel."),
    "cant_delete_message": Fault("content", "The bot deletes its own messages only, and only while the workspace allows it."),
    "not_authed": Fault("settings", "bot_token was not sent; set it."),
    "invalid_auth": Fault("settings", "Slack does not take bot_token; copy it again from OAuth & Permissions."),
    "token_revoked": Fault("settings", "bot_token was revoked; install the app again."),
    "token_expired": Fault("settings", "bot_token has expired; switch token rotation off, or install the app again."),
    "account_inactive": Fault("settings", "The app or its workspace was removed; install the app again."),
    "missing_scope": Fault("settings", "The app lacks the scope chat:write (im:write for people); add it and install again."),
    "not_allowed_token_type": Fault("settings", "bot_token must be a bot token (xoxb-…)."),
}  # fmt: skip

BUSY: Final = frozenset({"rollup_error", "internal_error", "fatal_error", "service_unavailable"})
TOO_MANY: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})


@dataclass(frozen=True, repr=False)
class SlackApp:
    """One app in one workspace; sending is derived from it."""

    settings: SlackSettings


class SlackSender(SlackApp):
    """Sends messages and takes them back; satisfies Sender and Recaller."""

    most_recipients = 1
    recognises_repeats = False
    # "Rate limits": one message a second for each channel, short bursts beyond it (read 2026-11-28).
    paces: tuple[Pace, ...] = (Pace(1, 1.0, each_recipient=True),)

    @property
    def recipient_kinds(self) -> tuple[str, ...]:
        """A webhook's own channel, and with a bot token any channel and person."""
        robot = ("robot",) if plain_text(self.settings.robot_hook) else ()
        return robot + (("chat_id", "user_id") if plain_text(self.settings.bot_token) else ())

    def needs_app_token(self, kind: str) -> bool:
        """Return false: the bot token is in the settings and does not run out."""
        return False

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into calls' bodies, without channel and token."""
        if message.is_native:
            content = native_content(
                message, PLATFORM_NAME, types=("message",), any_of=("text", "blocks", "attachments"), ours=OURS,
                most_bytes=MOST_BYTES,
            )  # fmt: skip
            text_in(content, "text", most=MOST_NATIVE_CHARACTERS, platform=PLATFORM_NAME)
            list_in(content, "blocks", most=MOST_BLOCKS, platform=PLATFORM_NAME)
            return [Part(content, preview_of(content.get("text"), "blocks"))]
        called = _mentions(message.mentions)
        limit = Limit("characters", MOST_CHARACTERS, reserve=100 + len(called))
        written = write_parts(
            message.title, message.text, message.format, Dialect.SLACK, limit, title_in_text=True
        )
        texts = [called + each.text if number == 0 else each.text for number, each in enumerate(written)]
        return [
            Part({"text": text}, preview_of(each.plain)) for text, each in zip(texts, written, strict=True)
        ]

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part to one channel or person, once."""
        if to[0].kind == "robot":
            return _said_by_hook(
                lent.http.request("POST", plain_text(self.settings.robot_hook), json=part.body)
            )
        answer = lent.http.request(
            "POST",
            f"{self.settings.api_base}/chat.postMessage",
            json={**part.body, "channel": to[0].value},
            headers={"Authorization": f"Bearer {plain_text(self.settings.bot_token)}"},
        )
        return _said_by_api(answer)

    def recalls(self, kind: str) -> bool:
        """Say whether messages can be taken back: in channels, whose ids are known here."""
        return kind == "chat_id"

    def recall(self, sent: Sent, lent: Lent) -> None:
        """Delete a message of the bot ("chat.delete", read 2026-11-29); one that is gone is no error."""
        answer = lent.http.request(
            "POST",
            f"{self.settings.api_base}/chat.delete",
            json={"channel": sent.values[0], "ts": sent.message_id},
            headers={"Authorization": f"Bearer {plain_text(self.settings.bot_token)}"},
        )
        if content_of(answer, PLATFORM_NAME, FAULTS).get("error") != "message_not_found":
            _said_by_api(answer)


def _mentions(mentions: Sequence[str]) -> str:
    """Return the mentions as Slack writes them, in front of the text."""
    if not all(each == "@all" or MENTION.fullmatch(each) for each in mentions):
        raise RequestError("bad_mentions", "Slack mentions @all or ids of people (U…), not names.")
    said = ["<!channel>" if each == "@all" else f"<@{each}>" for each in mentions]
    return " ".join(said) + "\n" if said else ""


def _said_by_hook(answer: HttpAnswer) -> SendResult:
    word = answer.body[:80].decode("utf-8", "replace").strip()
    if answer.status == 200 and word == "ok":  # noqa: PLR2004
        return SendResult()
    _check_word(word)
    check_busy(answer, PLATFORM_NAME)
    if answer.status == 200:  # noqa: PLR2004
        raise unreadable(PLATFORM_NAME)
    raise refusal(PLATFORM_NAME, word if word in FAULTS else answer.status, FAULTS)


def _said_by_api(answer: HttpAnswer) -> SendResult:
    check_busy(answer, PLATFORM_NAME)
    content = content_of(answer, PLATFORM_NAME, FAULTS)
    if content.get("ok") is True:
        return SendResult(message_id=text_of(content, "ts"))
    word = content.get("error")
    if not isinstance(word, str):
        raise unreadable(PLATFORM_NAME)
    _check_word(word)
    raise refusal(PLATFORM_NAME, word, FAULTS)


def _check_word(word: str) -> None:
    if word in TOO_MANY:
        raise QuotaReached(
            "Slack takes no more messages for this channel at the moment; sending goes on by itself.",
            retry_after=MINUTE,
            platform_code=word,
        )
    if word in BUSY:
        raise UpstreamUnavailable(
            "Slack has a fault of its own; the message is sent again later.",
            platform_code=word,
            was_sent=False,
        )
