"""Messages of Huawei Cloud SMN: proof by the certificate that the message names, the event, the answer.

Source (read 2026-11-28): support.huaweicloud.com, SMN user guide, "Message Signature Verification" and "HTTP/HTTPS Message Format". A subscription is confirmed by the operator, who opens the
`subscribe_url` of the event SubscriptionConfirmation; the gateway calls no address that a message names. SHA-256 is unconfirmed: the page
names no digest, its sample takes the certificate's own. Messages are sent again unchanged, so their time is not judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.core.errors import PayloadError, VerificationError
from app.core.moments import moment_or_none
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Verified,
    default_acknowledgement,
)
from app.platforms.huawei_smn.messages import signed_fields, signed_messages
from app.platforms.huawei_smn.settings import SmnSettings
from app.security.signatures import strict_base64
from app.security.strict_json import parse_json_exactly
from app.wire.key_addresses import KeyAddresses
from app.wire.named_keys import AddressedKeys, configured_keys_of
from app.wire.public_keys import is_signed_by_rsa

VERSION: Final = "v1"
LONGEST_SIGNATURE: Final = 2048
UNCONFIRMED: Final = "The digest of SMN's signature is unconfirmed (SHA-256 is assumed); try it with a real message before you rely on it."


@dataclass(frozen=True, repr=False)
class SmnCallbacks(AddressedKeys):
    """Takes messages; satisfies WebhookSource, KeyFinder, OutboundUser and AdvisedSource."""

    settings: SmnSettings
    addresses: KeyAddresses = field(init=False)
    configured_keys: Mapping[str, bytes] = field(init=False)

    answer_within: float | None = None
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.BODY
    advice = UNCONFIRMED
    key_owner = "Huawei Cloud SMN"

    def __post_init__(self) -> None:
        """Make addresses and keys ready once, when the channel is opened."""
        own = self.settings
        object.__setattr__(self, "addresses", KeyAddresses(own.cert_url_prefixes, own.regions))
        object.__setattr__(self, "configured_keys", configured_keys_of(own.public_keys))

    def key_address(self, request: InboundRequest) -> str:
        """Return the address of the certificate."""
        address = _message(request).get("signing_cert_url")
        if not isinstance(address, str):
            raise VerificationError("missing_signature", "The message has no signing_cert_url.")
        return address

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the signature over the message's fields."""
        body = _message(request)
        if body.get("signature_version", VERSION) != VERSION:
            raise VerificationError("algorithm_not_allowed", f"signature_version is not {VERSION}.")
        signature, fields = _signature(body), signed_fields(body)
        proofs = (
            is_signed_by_rsa(key, message=each, signature=signature, digest="sha256")
            for each in signed_messages(fields)
        )
        if not any(proofs):
            raise VerificationError("bad_signature", "The signature does not fit the message's fields.")
        topic = Requirement("topic_urn", fields["topic_urn"], "topic_urns", self.settings.topic_urns)
        return Verified("rsa-sha256", context=fields, requirements=(topic,))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing: a confirmation is an event, and its address is opened by the operator."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened; the data are the fields that the signature covers."""
        fields = verified.context
        if not isinstance(fields, Mapping):
            raise PayloadError("not_verified_here")
        told: Mapping[str, str] = fields
        return ParsedEvent(
            told["type"], told["message_id"], told, told.get("subject"), moment_or_none(told["timestamp"])
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer in the unified wording; SMN looks at the status alone."""
        return default_acknowledgement(outcome)


def _message(request: InboundRequest) -> Mapping[str, Any]:
    try:
        return parse_json_exactly(request.body)
    except ValueError as error:
        raise VerificationError("unreadable_body", f"The body is no message: {error}.") from error


def _signature(body: Mapping[str, Any]) -> bytes:
    given = body.get("signature")
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST_SIGNATURE:
        raise VerificationError("missing_signature", "The message has no signature.")
    try:
        return strict_base64(given)
    except ValueError as error:
        raise VerificationError("bad_signature", "The message's signature is not Base64.") from error
