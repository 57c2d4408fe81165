"""The callbacks of a bot: JSON with the one member `encrypt`, messages and events within, the answer encrypted likewise.

Source: WeCom pages 回调和回复的加解密方案 (101033), 接收消息 (100719) and 接收事件 (101027, read 2026-11-28). What is odd: nobody is
named as receiver of an envelope, so the signature, the whole padding and the length are all that tell a wrong key, and the
bot's id within is what says that a message is ours. That a bot's failed callback is sent again, and its deadline of 5 seconds,
are those of WeCom's applications; for bots both are `unconfirmed`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.errors import PayloadError, VerificationError, unreadable_json
from app.core.values import InboundRequest, Outcome, ParsedEvent, Reply, Requirement, Verified
from app.platforms.wecom_aibot.bot import WecomAibot
from app.platforms.wecom_aibot.replies import reply_to
from app.security.strict_json import parse_json_exactly
from app.wire.wechat_family.crypto import WechatKeyring
from app.wire.wechat_family.messages import event_key, unix_moment, word
from app.wire.wechat_family.work_push import TEXT, WorkPush

ECHO = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""With braces or quotes it could be a message: who recorded its ciphertext would have it opened by the check of the address."""


class AibotCallbacks(WorkPush, WecomAibot):
    """Takes callbacks; satisfies app.core.ports.WebhookSource."""

    @property
    def oldest(self) -> int:
        """The seconds a timestamp may be off, 0 for any age."""
        return self.settings.max_age

    def keys_for(self, request: InboundRequest, outer: Mapping[str, Any]) -> WechatKeyring:
        """Return the keys with the configured receiver, usually none."""
        return self.keyring

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender; what is no check of the address must be a bot's envelope and name this bot within."""
        if request.method != "GET":
            _demand_envelope(request.body)
        verified = super().verify(request, now)
        fields = None if verified.is_challenge else _readable(verified.plaintext)
        if fields is None:
            return verified
        given = fields.get("aibotid")
        named = given if isinstance(given, str) else None
        return verified._replace(
            requirements=(Requirement("aibotid", named, "aibotid", (self.settings.aibotid,)),)
        )

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return what `echostr` held, without quotes, mark or line end; the platform waits one second for it."""
        if not verified.is_challenge:
            return None
        echo = verified.plaintext or b""
        if not ECHO.fullmatch(echo.decode("ascii", "replace")):
            raise PayloadError(
                "bad_echostr", message="echostr must hold 1 to 128 letters, digits, hyphens or underscores."
            )
        return Reply(200, echo, TEXT)

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: `message.<msgtype>` or `event.<eventtype>`; `message.stream` asks for the rest of an answer.

        Each such question has a msgid of its own, so it is an event of its own and never a repeated message.
        """
        text = verified.plaintext or b""
        try:
            fields = parse_json_exactly(text)
        except ValueError as error:
            raise unreadable_json(error) from error
        return ParsedEvent(
            type=_kind(fields),
            key=f"{self.settings.aibotid}:{word(fields, 'msgid') or event_key(text)}",
            data=fields,
            subject=word(_part(fields, "from"), "userid"),
            occurred_at=unix_moment(word(fields, "create_time")),
        )

    def reply_of(self, outcome: Outcome, request: InboundRequest) -> bytes | None:
        """Return what a handler's result says to the person, before it is encrypted; None for nothing."""
        return reply_to(outcome.event, outcome.data)


def _demand_envelope(body: bytes) -> None:
    """Raise VerificationError unless a body is what bots get: the application's form is that of another address."""
    try:
        outer = parse_json_exactly(body)
    except ValueError:
        raise VerificationError(
            "unreadable_body", "The body is not JSON, and bots get JSON with the one member encrypt."
        ) from None
    if not isinstance(outer.get("encrypt"), str) or "Encrypt" in outer:
        raise VerificationError(
            "body_not_encrypted",
            "The body has no encrypt in lower case. An application of WeCom is the platform wecom, a bot's callbacks are JSON.",
        )


def _readable(text: bytes | None) -> Mapping[str, Any] | None:
    """Return the fields of what was decrypted; None where it cannot be read, which parse then says."""
    try:
        return parse_json_exactly(text or b"")
    except ValueError:
        return None


def _kind(fields: Mapping[str, Any]) -> str:
    kind = word(fields, "msgtype")
    if kind is None:
        raise PayloadError("missing_msgtype", message="The message has no usable msgtype.")
    if kind != "event":
        return f"message.{kind}"
    name = word(_part(fields, "event"), "eventtype")
    if name is None:
        raise PayloadError("missing_eventtype", message="The event has no usable eventtype.")
    return f"event.{name}"


def _part(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = fields.get(name)
    return found if isinstance(found, Mapping) else {}
