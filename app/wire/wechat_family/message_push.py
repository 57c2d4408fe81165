"""The callbacks of Official Accounts and Mini Programs: URL check, messages and events, and the passive reply.

Source: WeChat "消息推送" page with its official samples, "被动回复用户消息" page (read 2026-11-20).
What is odd: there are two signatures, and the one called `signature` covers neither the body nor `echostr`. That is
why the mode comes from the configuration: an account in mode compatible or safe only ever reads what it decrypted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
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
from app.security.signatures import check_timestamp, sha256_hex
from app.wire.wechat_family.crypto import Opened, WechatKeyring
from app.wire.wechat_family.messages import (
    WireFormat,
    ciphertext_in,
    parse_message,
    read_fields,
    wire_format,
    word,
)
from app.wire.wechat_family.push_settings import PLAIN_MAX_AGE, PushSettings
from app.wire.wechat_family.replies import passive_reply

ECHO = re.compile(r"[ -~]{1,256}")
TIME_DIGITS = 10
LOOKS_LIKE_A_TIME_SECONDS = 30 * 86_400
REMEMBERED_SECONDS = 7 * 86_400
"""How long the body of a request is remembered where no age is judged."""

PLAIN_ADVICE = (
    "mode plain: the signature covers neither the body nor echostr. Whoever sees one address can, for as long as max_age lets "
    "it pass, be the first to send a body of their own with it, and a person's message may be lost to that. Set mode safe "
    "(安全模式) and encoding_aes_key, here and in the platform's console."
)
ANSWERED = frozenset({Situation.SUCCESS, Situation.ALREADY_PROCESSED})
SUCCESS = text_reply(200, "success")
"""Nothing to say and no retry wanted; the same in every mode, never encrypted."""


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """How a request was wrapped, kept for wrapping the reply the same way."""

    opened: Opened
    nonce: str


@dataclass(frozen=True, repr=False)
class PushAccount:
    """What one opened channel knows for as long as it lives: its settings and the keys made ready from them."""

    name: str
    settings: PushSettings
    keyring: WechatKeyring


class MessagePush(PushAccount):
    """Takes callbacks; satisfies app.core.ports.WebhookSource."""

    answer_within: float | None = 4.5
    """The platform cuts the connection after 5 seconds and sends the request again."""

    retries_failed_answers: bool = False
    """Any answer that is not understood shows "service unavailable" in the chat, so failures say `success` too."""

    methods: tuple[str, ...] = ("GET", "POST")

    @property
    def advice(self) -> str | None:
        """Say what mode plain cannot prove."""
        return None if self.settings.encrypted else PLAIN_ADVICE

    @property
    def signature_covers(self) -> Coverage:
        """Say what is proven: `signature` covers token, time and nonce, only `msg_signature` the encrypted body."""
        if self.settings.encrypted:
            return Coverage.BODY
        return Coverage.NONE if self._is_open() else Coverage.ORIGIN

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender.

        Whether a redelivery carries a fresh nonce is not documented, and a redelivery must not be refused. So in plain
        mode, where the signature says nothing about the body, it is bound to the first body that came with it.
        """
        is_challenge = request.method == "GET"
        if self.settings.encrypted and not is_challenge:
            return self._verify_encrypted(request, now)
        if self._is_open():
            return Verified("wechat-unsigned", is_challenge=is_challenge)
        signature, until = self._check_signature(request, now)
        return Verified(
            "wechat-signature",
            # The signed values are sorted, so the signature is the same however time and nonce are swapped.
            nonce=None if self.settings.encrypted else f"signature:{signature}",
            nonce_until=until,
            nonce_bound_to=None if self.settings.encrypted else sha256_hex(request.body),
            is_challenge=is_challenge,
        )

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

    def _why_not_encrypted(self, request: InboundRequest) -> str:
        """Say whether the platform's console is set to another mode, or anybody else asks."""
        try:
            self.keyring.signing_token(
                *(_needed(request, name) for name in ("signature", "timestamp", "nonce"))
            )
        except VerificationError as error:
            return f"The body is not encrypted, and the token does not fit either. {error.explain()}"
        return (
            f"The mode differed: this channel is in mode {self.settings.callback_mode}, but the body is plain; the token fits. "
            "Set the same mode (消息加解密方式) in the platform's console."
        )

    def _is_open(self) -> bool:
        """Tell the transitional state in which nothing is proven: no token, and the operator wrote that this is meant."""
        return not self.keyring.tokens and self.settings.allow_unsigned and not self.settings.encrypted

    def _check_signature(self, request: InboundRequest, now: datetime) -> tuple[str, datetime]:
        """Return the signature, and until when the same values could pass."""
        signature = _needed(request, "signature")
        timestamp, nonce = _needed(request, "timestamp"), _needed(request, "nonce")
        self.keyring.signing_token(signature, timestamp, nonce)
        oldest = self._check_age(timestamp, now)
        if oldest and not self.settings.encrypted:
            _refuse_time_as_nonce(nonce, now)
        seconds = int(timestamp) + oldest if oldest else int(now.timestamp()) + REMEMBERED_SECONDS
        return signature, datetime.fromtimestamp(seconds, UTC)

    def _check_age(self, timestamp: str, now: datetime) -> int:
        """Return the seconds a timestamp may be off, 0 where no age is judged; raises VerificationError."""
        if self.settings.oldest:
            check_timestamp(timestamp, now.timestamp(), self.settings.oldest)
        return self.settings.oldest

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
            raise VerificationError("body_not_encrypted", lambda: self._why_not_encrypted(request))
        msg_signature = _needed(request, "msg_signature")
        timestamp, nonce = _needed(request, "timestamp"), _needed(request, "nonce")
        opened = self.keyring.open(
            msg_signature=msg_signature, timestamp=timestamp, nonce=nonce, ciphertext=ciphertext
        )
        self._check_age(timestamp, now)
        return Verified(
            "wechat-encrypted",
            plaintext=opened.plaintext,
            context=Envelope(opened, nonce),
            is_encrypted=True,
        )

    def _sealed(self, message: bytes, envelope: object, seconds: int, wire: WireFormat) -> Reply:
        if not isinstance(envelope, Envelope):
            return SUCCESS
        opened = envelope.opened
        sealed = self.keyring.seal(
            message, token=opened.token, aes_key=opened.aes_key, nonce=envelope.nonce, timestamp=seconds
        )
        return sealed.reply(wire)


def _refuse_time_as_nonce(nonce: str, now: datetime) -> None:
    """Refuse a nonce that could be the time of a request seen lately.

    Time and nonce are only sorted and joined: whoever saw a request whose nonce names a moment to come could swap the
    two then and pass for fresh. Nonces were seen to be random numbers of up to 31 bits (message push page, samples), of
    which one in 800 lies in these 30 days; whether its redelivery carries another one is unconfirmed.
    """
    if len(nonce) != TIME_DIGITS or not (nonce.isascii() and nonce.isdigit()):
        return
    age = now.timestamp() - int(nonce)
    if -PLAIN_MAX_AGE <= age <= LOOKS_LIKE_A_TIME_SECONDS:
        raise VerificationError(
            "nonce_is_a_time",
            "The nonce looks like the time of a recent request; timestamp and nonce may have been swapped to use an old "
            "address again. In mode safe nobody can do that.",
        )


def _needed(request: InboundRequest, name: str) -> str:
    found = request.query(name)
    if not found:
        raise VerificationError(
            f"missing_{name}",
            f"The address lacks {name}; a proxy may cut the query, or somebody opened it in a browser.",
        )
    return found


def _reply_to(fields: Mapping[str, Any], result: Any, seconds: int, wire: WireFormat) -> bytes | None:
    account, person = word(fields, "ToUserName"), word(fields, "FromUserName")
    return passive_reply(result, sender=account, receiver=person, created=seconds, wire_format=wire)
