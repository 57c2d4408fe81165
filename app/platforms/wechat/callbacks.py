"""The callbacks of an Official Account: URL check, messages and events, and the passive reply.

Source: WeChat "消息推送" page with its official samples, "被动回复用户消息" page (read 2026-11-20).
What is odd: there are two signatures, and the one called `signature` covers neither the body nor `echostr`. That is
why the mode comes from the configuration: an account in mode compatible or safe only ever reads what it decrypted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.errors import PayloadError, VerificationError
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Situation,
    Verified,
    default_acknowledgement,
    text_reply,
)
from app.platforms.wechat.account import WechatAccount
from app.security.signatures import check_timestamp
from app.wire.wechat_family.crypto import Opened
from app.wire.wechat_family.messages import WireFormat, ciphertext_in, parse_message, read_fields, wire_format
from app.wire.wechat_family.replies import passive_reply

ECHO = re.compile(r"[ -~]{1,256}")
ANSWERED = frozenset({Situation.SUCCESS, Situation.ALREADY_PROCESSED})
SUCCESS = text_reply(200, "success")
"""Nothing to say and no retry wanted; the same in every mode, never encrypted."""


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """How a request was wrapped, kept for wrapping the reply the same way."""

    opened: Opened
    nonce: str


class WechatCallbacks(WechatAccount):
    """Takes callbacks; satisfies app.core.ports.WebhookSource."""

    answer_within: float | None = 4.5
    """The platform cuts the connection after 5 seconds and sends the request again."""

    retries_failed_answers: bool = False
    """Any answer that is not understood shows "service unavailable" in the chat, so failures say `success` too."""

    methods: tuple[str, ...] = ("GET", "POST")

    @property
    def signature_covers(self) -> Coverage:
        """Say what is proven: `signature` covers token, time and nonce, only `msg_signature` the encrypted body."""
        if self.settings.encrypted:
            return Coverage.BODY
        return Coverage.NONE if self._is_open() else Coverage.ORIGIN

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender.

        The nonce is not claimed: whether a redelivery carries a fresh one is not documented, and a redelivery must
        not be refused. In plain mode replays are therefore caught by the event key, and by `max_age` where it is set.
        """
        is_challenge = request.method == "GET"
        if self.settings.encrypted and not is_challenge:
            return self._verify_encrypted(request, now)
        if self._is_open():
            return Verified("wechat-unsigned", is_challenge=is_challenge)
        self._check_signature(request, now)
        return Verified("wechat-signature", is_challenge=is_challenge)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return `echostr` unchanged; nothing signs it, so it is bounded and always plain text."""
        if not verified.is_challenge:
            return None
        echo = request.query("echostr")
        if echo is None or not ECHO.fullmatch(echo):
            raise PayloadError(
                "bad_echostr", message="A GET must carry echostr, at most 256 printable characters."
            )
        return text_reply(200, echo)

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened; with encryption on, only what was decrypted is ever read."""
        if not self.settings.encrypted:
            return parse_message(request.body)
        if verified.plaintext is None:
            raise PayloadError(
                "unreadable_body", message="The body is neither the XML nor the JSON of WeChat."
            )
        return parse_message(verified.plaintext)

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Give the handler's result as a passive reply, `success` when there is none.

        A repeated event gets the stored result again: the first connection may have been cut before it was read.
        """
        if outcome.situation is Situation.UNKNOWN_EVENT_TYPE:
            return default_acknowledgement(outcome)
        if outcome.situation not in ANSWERED or outcome.data is None:
            return SUCCESS
        seconds = int((outcome.now or request.received_at).timestamp())
        wire = wire_format(request.body)
        message = _reply_to(outcome.event.data, outcome.data, seconds, wire)
        if message is None:
            return SUCCESS
        if self.settings.encrypted:
            return self._sealed(message, verified.context, seconds, wire)
        return Reply(200, message, wire.content_type)

    def _is_open(self) -> bool:
        """Tell the transitional state in which nothing is proven: no token, and the operator wrote that this is meant."""
        return not self.keyring.tokens and self.settings.allow_unsigned and not self.settings.encrypted

    def _check_signature(self, request: InboundRequest, now: datetime) -> None:
        signature = _needed(request, "signature")
        timestamp, nonce = self._signed_values(request, now)
        self.keyring.signing_token(signature, timestamp, nonce)

    def _signed_values(self, request: InboundRequest, now: datetime) -> tuple[str, str]:
        timestamp, nonce = _needed(request, "timestamp"), _needed(request, "nonce")
        if self.settings.max_age:
            check_timestamp(timestamp, now.timestamp(), self.settings.max_age)
        return timestamp, nonce

    def _verify_encrypted(self, request: InboundRequest, now: datetime) -> Verified:
        try:
            fields = read_fields(request.body)
        except ValueError:
            # Nothing to check msg_signature on. Whoever knows the token is told that the body is at fault (parse
            # refuses a request without plaintext), everybody else that they are not proven.
            self._check_signature(request, now)
            return Verified("wechat-unreadable")
        ciphertext = ciphertext_in(fields)
        if ciphertext is None:
            raise VerificationError("body_not_encrypted")
        msg_signature = _needed(request, "msg_signature")
        timestamp, nonce = self._signed_values(request, now)
        opened = self.keyring.open(
            msg_signature=msg_signature, timestamp=timestamp, nonce=nonce, ciphertext=ciphertext
        )
        return Verified("wechat-encrypted", plaintext=opened.plaintext, context=Envelope(opened, nonce))

    def _sealed(self, message: bytes, envelope: object, seconds: int, wire: WireFormat) -> Reply:
        if not isinstance(envelope, Envelope):
            return SUCCESS
        opened = envelope.opened
        sealed = self.keyring.seal(
            message, token=opened.token, aes_key=opened.aes_key, nonce=envelope.nonce, timestamp=seconds
        )
        return sealed.reply(wire)


def _needed(request: InboundRequest, name: str) -> str:
    found = request.query(name)
    if not found:
        raise VerificationError(f"missing_{name}")
    return found


def _reply_to(fields: Mapping[str, Any], result: Any, seconds: int, wire: WireFormat) -> bytes | None:
    account, person = fields.get("ToUserName"), fields.get("FromUserName")
    if not isinstance(account, str) or not isinstance(person, str):
        return None
    return passive_reply(result, sender=account, receiver=person, created=seconds, wire_format=wire)
