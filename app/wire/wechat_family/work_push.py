"""The callbacks of WeCom, of a company's own application or of a suite: check of the address, messages and events, passive reply.

Source: WeCom pages 接收消息与事件 (96466) and 加解密方案说明 (91144, 90968) with their official samples (read 2026-11-20).
What is odd: even the check of the address is encrypted; there is no plain mode and no signature without the ciphertext.
Whom a request is encrypted for is each platform's own business (`keys_for`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
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
)
from app.security.signatures import check_timestamp
from app.wire.wechat_family.crypto import Opened, WechatKeyring
from app.wire.wechat_family.messages import WireFormat, ciphertext_in, read_fields, wire_format, word
from app.wire.wechat_family.replies import passive_reply
from app.wire.wechat_family.work_events import parse_event

LONGEST_ECHO = 256
TEXT = "text/plain; charset=utf-8"
NOTHING = Reply(200, b"", TEXT)
"""Taken, nothing to say; never encrypted."""

TAKEN = frozenset(
    {Situation.ACCEPTED, Situation.SUCCESS, Situation.ALREADY_PROCESSED, Situation.STILL_RUNNING}
)
ANSWERED = frozenset({Situation.SUCCESS, Situation.ALREADY_PROCESSED})


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """How a request was wrapped, kept for wrapping the reply the same way."""

    opened: Opened
    nonce: str
    keyring: WechatKeyring
    lower_case: bool = False


class WorkPush(ABC):
    """Takes callbacks; satisfies app.core.ports.WebhookSource."""

    answer_within: float | None = 4.5
    """The platform cuts the connection after 5 seconds and sends the request again, three times in all."""

    retries_failed_answers: bool = True
    """Any status but 200 counts as a failure and is sent again."""

    methods: tuple[str, ...] = ("GET", "POST")
    signature_covers: Coverage = Coverage.BODY

    @property
    @abstractmethod
    def oldest(self) -> int:
        """The seconds a timestamp may be off, 0 for any age."""

    @abstractmethod
    def keys_for(self, request: InboundRequest, outer: Mapping[str, Any]) -> WechatKeyring:
        """Return the keys with the id that this request must be encrypted for; `outer` is its body, which nothing signs."""

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender over the ciphertext, of `echostr` in a GET and of the body in a POST."""
        is_challenge = request.method == "GET"
        outer = {} if is_challenge else _outer_fields(request)
        ciphertext, is_lower = (echo_in(request), False) if is_challenge else _sealed_in(outer)
        timestamp, nonce = needed(request, "timestamp"), needed(request, "nonce")
        keyring = self.keys_for(request, outer)
        opened = keyring.open(
            msg_signature=needed(request, "msg_signature"),
            timestamp=timestamp,
            nonce=nonce,
            ciphertext=ciphertext,
        )
        if self.oldest:
            check_timestamp(timestamp, now.timestamp(), self.oldest)
        return Verified(
            "wecom-encrypted",
            plaintext=opened.plaintext,
            is_challenge=is_challenge,
            context=Envelope(opened, nonce, keyring, is_lower),
            is_encrypted=True,
        )

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return what `echostr` held, without quotes, mark or line end; the platform waits one second for it."""
        if not verified.is_challenge:
            return None
        echo = verified.plaintext or b""
        if not 0 < len(echo) <= LONGEST_ECHO or not echo.isascii() or not echo.decode().isprintable():
            raise PayloadError("bad_echostr", message="echostr must hold at most 256 printable characters.")
        return Reply(200, echo, TEXT)

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened; only what was decrypted is ever read."""
        return parse_event(verified.plaintext or b"")

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Give the handler's result as an encrypted reply, an empty 200 when there is none.

        A repeated event gets the stored result again: the first connection may have been cut before it was read.
        """
        if outcome.situation not in TAKEN:
            return default_acknowledgement(outcome)
        if outcome.situation not in ANSWERED or outcome.data is None:
            return NOTHING
        message = self.reply_of(outcome, request)
        if message is None:
            return NOTHING
        return _sealed(message, verified.context, _second_of(outcome, request), wire_format(request.body))

    def reply_of(self, outcome: Outcome, request: InboundRequest) -> bytes | None:
        """Return what a handler's result reads as in an answer, before it is encrypted; None for nothing to say."""
        fields = outcome.event.data
        return passive_reply(
            outcome.data,
            sender=word(fields, "ToUserName"),
            receiver=word(fields, "FromUserName"),
            created=_second_of(outcome, request),
            wire_format=wire_format(request.body),
        )


def _second_of(outcome: Outcome, request: InboundRequest) -> int:
    return int((outcome.now or request.received_at).timestamp())


def _sealed(message: bytes, envelope: object, seconds: int, wire: WireFormat) -> Reply:
    if not isinstance(envelope, Envelope):
        return NOTHING
    opened = envelope.opened
    sealed = envelope.keyring.seal(
        message, token=opened.token, aes_key=opened.aes_key, nonce=envelope.nonce, timestamp=seconds
    )
    return sealed.reply(wire, lower_case=envelope.lower_case)


def echo_in(request: InboundRequest) -> str:
    """Return the ciphertext of a GET; a blank was a plus sign that somebody on the way decoded once too often."""
    return needed(request, "echostr").strip().replace(" ", "+")


def _outer_fields(request: InboundRequest) -> Mapping[str, Any]:
    try:
        return read_fields(request.body)
    except ValueError:
        raise VerificationError(
            "unreadable_body",
            "The body is neither the XML nor the JSON of WeCom, so there is no Encrypt that could be checked.",
        ) from None


def _sealed_in(fields: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the ciphertext of a POST, and whether its JSON names are in lower case (as the official JSON sample's)."""
    if (ciphertext := ciphertext_in(fields)) is not None:
        return ciphertext, False
    if (ciphertext := ciphertext_in(fields, "encrypt")) is not None:
        return ciphertext, True
    raise VerificationError(
        "body_not_encrypted",
        "The body has no Encrypt. WeCom encrypts every callback; whoever sent this is not WeCom, or a proxy changes bodies.",
    )


def needed(request: InboundRequest, name: str) -> str:
    """Return a parameter of the proof; raises VerificationError without it."""
    found = request.query(name)
    if not found:
        raise VerificationError(
            f"missing_{name}",
            f"The address lacks {name}; a proxy may cut the query, or somebody opened it in a browser.",
        )
    return found
