"""WeChat Pay's notifications: proof, meaning, answer, and refusals in its own words.

Sources (read 2026-11-20): pay.weixin.qq.com, payment callback page and update-pub-key; wechatpay-apiv3/wechatpay-skills;
developers.weixin.qq.com, 000480292b45d83798400b8b166813 on the deadline. What is odd: while a merchant goes over from certificates to a public key, both sign callbacks for about a week.
Nothing is said about the id of a redelivery; a handler does well to look at out_trade_no too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate

from app.core.errors import PayloadError, RequestError, VerificationError, unreadable_json
from app.core.moments import moment_or_none
from app.core.values import (
    COME_AGAIN_SECONDS,
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Situation,
    Verified,
    json_reply,
)
from app.platforms.wechatpay.account import WechatpayAccount
from app.platforms.wechatpay.keys import name_of, serial_name
from app.platforms.wechatpay.notifications import payer_of, requirements_of
from app.platforms.wechatpay.stamp import SERIAL, WINDOW, Stamp, read_stamp
from app.security.signatures import check_timestamp, how_many
from app.security.strict_json import parse_json_object
from app.wire.certificates import is_in_force, rsa_key_of
from app.wire.public_keys import is_signed_by
from app.wire.sealed_notices import Envelope, open_sealed, read_envelope

ACCEPTED: Final = {"code": "SUCCESS", "message": "成功"}
LONGEST_MESSAGE: Final = 256
FAILURES: Final = {
    Situation.HANDLER_FAILED: (500, "The notification is stored, but its handler failed; send it again."),
    Situation.COME_AGAIN: (503, "The notification is stored and its handler has not ended; send it again."),
    Situation.UNKNOWN_EVENT_TYPE: (
        400,
        "No route takes this event_type; add a handler, or let the channel store it.",
    ),
}


class WechatpayCallbacks(WechatpayAccount):
    """Takes notifications signed with a key that is configured; satisfies WebhookSource and RefusalWording."""

    answer_within: float | None = 2.5
    """The documents say 5 seconds, the community 3."""

    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.BODY

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender with the configured key that Wechatpay-Serial names."""
        stamp = read_stamp(request.header)
        if (public := self.public_keys.get(stamp.serial)) is not None:
            return self.proven(request, now, stamp, public)
        certificate = self.certificates.get(serial_name(stamp.serial) or "")
        if certificate is None:
            raise VerificationError("unknown_key", self._why_unknown(stamp.serial))
        return self.proven_by_certificate(request, now, stamp, certificate)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened; the key is the notification's id."""
        if isinstance(verified.context, PayloadError):
            raise verified.context
        if not isinstance(verified.context, Envelope) or verified.plaintext is None:
            raise PayloadError("not_verified_here")
        envelope = verified.context
        content = parse_json_object(verified.plaintext)
        occurred_at = moment_or_none(envelope.created)
        return ParsedEvent(envelope.kind, envelope.identifier, content, payer_of(content), occurred_at)

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 200 for what is stored; anything else makes WeChat Pay send it again."""
        failure = FAILURES.get(outcome.situation)
        if failure is None:
            return json_reply(200, ACCEPTED)
        reply = json_reply(failure[0], {"code": "FAIL", "message": failure[1]})
        comes_again = outcome.situation is Situation.COME_AGAIN
        return reply._replace(retry_after=COME_AGAIN_SECONDS) if comes_again else reply

    def refuse(self, request: InboundRequest, error: RequestError) -> Reply | None:
        """Word a refusal as WeChat Pay asks for it."""
        return json_reply(error.http_status, {"code": "FAIL", "message": error.message[:LONGEST_MESSAGE]})

    def proven_by_certificate(
        self, request: InboundRequest, now: datetime, stamp: Stamp, certificate: Certificate
    ) -> Verified:
        """Prove a request by the key of a certificate, which must be in force; raises VerificationError."""
        if not is_in_force(certificate, now):
            raise VerificationError(
                "certificate_not_in_force",
                f"The platform certificate {name_of(certificate)} is not in force; take it out of certificates and put in "
                "the one that the merchant platform shows, or let the gateway download it.",
            )
        return self.proven(request, now, stamp, rsa_key_of(certificate))

    def proven(self, request: InboundRequest, now: datetime, stamp: Stamp, key: RSAPublicKey) -> Verified:
        """Prove time and signature over the raw body, then open the resource; raises VerificationError."""
        check_timestamp(stamp.timestamp, now.timestamp(), WINDOW)
        if not is_signed_by(key, message=stamp.message(request.body), signature=stamp.signature):
            raise VerificationError(
                "bad_signature",
                f"The signature does not fit the key {stamp.serial[:80]}, over time, nonce and the raw body. A body changed on "
                "the way has this effect, and so has a public key that stands under another key's id.",
            )
        scheme = "public-key" if stamp.serial in self.public_keys else "certificate"
        try:
            return self._opened(request.body, f"wechatpay-{scheme}")
        except PayloadError as error:
            return Verified(f"wechatpay-{scheme}", context=error)

    def _opened(self, body: bytes, scheme: str) -> Verified:
        envelope = read_envelope(body)
        opened = open_sealed(envelope.resource, self.api_v3_keys)
        if opened is None:
            raise VerificationError(
                "decrypt_failed",
                f"The signature fits, but the resource cannot be opened. Tried: {how_many(self.api_v3_keys, 'api_v3_key')}. "
                "Compare it with 账户中心 → API安全 → APIv3密钥 of this merchant number.",
                message="The request is signed, but this channel's api_v3_key does not open it; compare the key with "
                "the merchant platform's.",
            )
        try:
            content = parse_json_object(opened)
        except ValueError as error:
            raise unreadable_json(error) from error
        return Verified(
            scheme,
            opened,
            context=envelope,
            requirements=requirements_of(content, self.settings),
            is_encrypted=True,
        )

    def _why_unknown(self, serial: str) -> str:
        own = self.settings
        if own.merchant_serial and serial_name(serial) == serial_name(own.merchant_serial):
            return f"{SERIAL} names the merchant's own certificate (merchant_serial); WeChat Pay never signs with that one."
        if serial.startswith("PUB_KEY_ID_"):
            return (
                f"{SERIAL} names {serial[:80]!r}, which is not in public_keys. Copy id and key from 账户中心 → API安全 → "
                "微信支付公钥 of this merchant number."
            )
        return (
            f"{SERIAL} names the platform certificate {serial[:80]!r}, which is not in certificates. Put it in, or set "
            "merchant_serial and merchant_private_key, and it is downloaded."
        )
