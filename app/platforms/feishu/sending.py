"""Sending with Feishu: an app's messages to people and chats, and those of a group's custom bot.

Sources: Feishu Open Platform, pages 发送消息 and 自定义机器人使用指南 (read 2026-11-28). What is odd: a robot answers failures
with HTTP status 200 too, and signs nothing: time and secret are the key of an empty message.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from app.config.platform_settings import plain_text
from app.core.sending import Lent, Message, Pace, Part, Recipient, SendRefused, SendResult
from app.core.sent_messages import Sent
from app.core.values import Event
from app.platforms.feishu.app import FeishuApp
from app.platforms.feishu.outgoing import ROBOT, own_words, written
from app.platforms.feishu.send_rules import APP as APP_RULES
from app.platforms.feishu.send_rules import ROBOT as ROBOT_RULES
from app.security.signatures import hmac_sha256
from app.wire.send_answers import SETTINGS, taken

MESSAGES_PATH: Final = "/open-apis/im/v1/messages"
PEOPLE_AND_CHATS: Final = ("open_id", "user_id", "union_id", "chat_id", "email")
LONGEST_ID: Final = 128


class FeishuSender(FeishuApp):
    """Sends messages and takes them back; satisfies Sender, ReplyTarget and Recaller."""

    most_recipients: int = 1

    paces: tuple[Pace, ...] = (
        Pace(50, 1, kinds=PEOPLE_AND_CHATS),
        Pace(1000, 60, kinds=PEOPLE_AND_CHATS),
        Pace(5, 1, each_recipient=True),
        Pace(100, 60, kinds=(ROBOT,)),
    )
    """Pages 发送消息 (1,000 a minute and 50 a second; 5 a second to one person or group) and 自定义机器人使用指南 (5 a second, 100
    a minute; read 2026-11-28)."""

    @property
    def recipient_kinds(self) -> tuple[str, ...]:
        """Return what this channel's keys allow."""
        robot = (ROBOT,) if plain_text(self.settings.robot_hook) else ()
        return robot + (PEOPLE_AND_CHATS if plain_text(self.settings.app_secret) else ())

    @property
    def recognises_repeats(self) -> bool:
        """Whether every kind of recipient does: the app's messages by their uuid, for an hour; robots never do."""
        return ROBOT not in self.recipient_kinds

    def needs_app_token(self, kind: str) -> bool:
        """Return true for people and chats; a robot's address is its key."""
        return kind != ROBOT

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into cards, posts, or what it says in Feishu's own words."""
        return [own_words(message, kind)] if message.is_native else written(message, kind)

    def reply_to(self, event: Event) -> Recipient | None:
        """Answer in the chat of a message, else the person an event is about; a robot hears nothing."""
        if not plain_text(self.settings.app_secret):
            return None
        inner = event.data.get("event")
        message = inner.get("message") if isinstance(inner, Mapping) else None
        chat = message.get("chat_id") if isinstance(message, Mapping) else None
        if isinstance(chat, str) and 0 < len(chat) <= LONGEST_ID:
            return Recipient("chat_id", chat)
        return Recipient("open_id", event.subject) if event.subject else None

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part to one receiver, once."""
        return self._by_robot(part, lent) if to[0].kind == ROBOT else self._by_app(part, to[0], lent)

    def recalls(self, kind: str) -> bool:
        """Say whether messages can be taken back: the app's can, a robot's have no id."""
        return kind != ROBOT

    def recall(self, sent: Sent, lent: Lent) -> None:
        """Take a message back, as the page 撤回消息 says (read 2026-11-28); how long after sending is the company's setting."""
        address = f"{self.settings.api_base}{MESSAGES_PATH}/{quote(sent.message_id, safe='')}"
        headers = {"Authorization": f"Bearer {lent.app_token}"}
        taken(lent.http.request("DELETE", address, headers=headers), APP_RULES)

    def _by_app(self, part: Part, receiver: Recipient, lent: Lent) -> SendResult:
        if not lent.app_token:
            raise SendRefused(SETTINGS, "Messages to people and groups need the app's token; set app_secret.")
        answer = lent.http.request(
            "POST",
            self.settings.api_base + MESSAGES_PATH,
            params={"receive_id_type": receiver.kind},
            json={"receive_id": receiver.value, **part.body, "uuid": lent.repeat_key},
            headers={"Authorization": f"Bearer {lent.app_token}"},
        )
        data = taken(answer, APP_RULES).get("data")
        message_id = data.get("message_id") if isinstance(data, Mapping) else None
        known = isinstance(message_id, str) and 0 < len(message_id) <= LONGEST_ID
        return SendResult(message_id=message_id if known else None)

    def _by_robot(self, part: Part, lent: Lent) -> SendResult:
        stamp = self._stamp(str(int(lent.now.timestamp())))
        hook = plain_text(self.settings.robot_hook)
        taken(lent.http.request("POST", hook, json={**stamp, **part.body}), ROBOT_RULES)
        return SendResult()

    def _stamp(self, timestamp: str) -> dict[str, str]:
        secret = plain_text(self.settings.robot_secret)
        if not secret:
            return {}
        signed = hmac_sha256(f"{timestamp}\n{secret}".encode(), b"")
        return {"timestamp": timestamp, "sign": b64encode(signed).decode()}
