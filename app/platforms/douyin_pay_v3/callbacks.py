"""Douyin Pay's notices: proof, meaning, answer. Source: see the package. `data` of an event is the opened resource.

The nonce is not remembered: a copy of a request is known by its id, and a proxy that repeats one is not refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography.x509 import Certificate

from app.config.platform_settings import plain
from app.core.errors import PayloadError, RequestError, VerificationError, unreadable_json
from app.core.moments import moment_or_none
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Verified,
    json_reply,
)
from app.platforms.douyin_pay_v3.settings import DouyinPaySettings, platform_certificate
from app.platforms.douyin_pay_v3.stamp import SERIAL, Stamp, read_stamp
from app.security.signatures import check_timestamp, how_many
from app.security.strict_json import parse_json_object
from app.wire.certificates import is_in_force, rsa_key_of
from app.wire.notice_answers import notice_answer
from app.wire.public_keys import is_signed_by
from app.wire.sealed_notices import Envelope, open_sealed, read_envelope

ACCEPTED: Final = {"code": "SUCCESS", "message": "成功"}
SEND_AGAIN: Final = {"code": "FAIL", "message": "The notice is not done; send it again."}
SCHEME: Final = "douyin-pay-v3"


@dataclass(frozen=True, repr=False)
class DouyinPayCallbacks:
    """Takes notices; satisfies WebhookSource and RefusalWording of app.core.ports."""

    settings: DouyinPaySettings
    certificates: dict[str, Certificate] = field(init=False)
    encrypt_keys: tuple[bytes, ...] = field(init=False)

    answer_within: float | None = 4.0
    """How long Douyin Pay waits is `unconfirmed`."""

    retries_failed_answers: bool = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers: Coverage = Coverage.BODY

    def __post_init__(self) -> None:
        """Read the keys once, when the channel is opened."""
        named = {name: platform_certificate(text) for name, text in self.settings.platform_certs.items()}
        object.__setattr__(self, "certificates", named)
        object.__setattr__(self, "encrypt_keys", plain(self.settings.encrypt_key))

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove time and signature over the raw body, then open the resource."""
        stamp = read_stamp(request.header)
        certificate = self.certificates.get(stamp.serial)
        if certificate is None:
            raise VerificationError(
                "unknown_key", f"{SERIAL} names {stamp.serial[:80]!r}, which is not in platform_certs."
            )
        check_timestamp(stamp.timestamp, now.timestamp(), self.settings.tolerance_s)
        _check(certificate, stamp, request.body, now)
        try:
            return self._opened(request.body)
        except PayloadError as error:
            return Verified(SCHEME, context=error)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return None: there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened; the key is the notice's id."""
        envelope = verified.context
        if isinstance(envelope, PayloadError):
            raise envelope
        if not isinstance(envelope, Envelope) or verified.plaintext is None:
            raise PayloadError("not_verified_here")
        content = parse_json_object(verified.plaintext)
        order = content.get("out_trade_no")
        subject = order if isinstance(order, str) and order else None
        return ParsedEvent(
            envelope.kind, envelope.identifier, content, subject, moment_or_none(envelope.created)
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 200 for what is stored; anything else brings the notice again."""
        return notice_answer(outcome, taken=json_reply(200, ACCEPTED), failed=json_reply(500, SEND_AGAIN))

    def refuse(self, request: InboundRequest, error: RequestError) -> Reply | None:
        """Word a refusal as Douyin Pay asks for it."""
        return json_reply(error.http_status, {"code": "FAIL", "message": error.message[:256]})

    def _opened(self, body: bytes) -> Verified:
        envelope = read_envelope(body)
        opened = open_sealed(envelope.resource, self.encrypt_keys)
        if opened is None:
            raise VerificationError(
                "decrypt_failed",
                f"The signature fits, but the resource cannot be opened. Tried: {how_many(self.encrypt_keys, 'encrypt_key')}.",
            )
        try:
            content = parse_json_object(opened)
        except ValueError as error:
            raise unreadable_json(error) from error
        return Verified(
            SCHEME, opened, context=envelope, requirements=self._merchant(content), is_encrypted=True
        )

    def _merchant(self, content: dict[str, object]) -> tuple[Requirement, ...]:
        """Return the merchant a resource names; the key that opened it belongs to one merchant only."""
        if "mchid" not in content:
            return ()
        given = content["mchid"]
        return (
            Requirement(
                "mchid", given if isinstance(given, str) else None, "mch_id", (self.settings.mch_id,)
            ),
        )


def _check(certificate: Certificate, stamp: Stamp, body: bytes, now: datetime) -> None:
    if not is_in_force(certificate, now):
        raise VerificationError(
            "certificate_not_in_force",
            f"The certificate {stamp.serial[:80]} of platform_certs is not in force; put in the new one.",
        )
    if not is_signed_by(rsa_key_of(certificate), message=stamp.message(body), signature=stamp.signature):
        raise VerificationError(
            "bad_signature",
            f"The signature does not fit the certificate {stamp.serial[:80]}, over time, nonce and the raw body. A body that was "
            "changed on the way has this effect.",
        )
