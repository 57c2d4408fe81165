"""Pushes of Aliyun EventBridge: proof by the certificate that the request names, the CloudEvent, the answer.

Sources (read 2026-11-28): help.aliyun.com, EventBridge, "HTTP signature" and "Retry policies"; CloudEvents 1.0. What is odd: the signed time is in milliseconds. The same
certificate signs for every customer, so target and token are what make a push this channel's own. Resends: 3, or 176 over a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.config.platform_settings import plain
from app.core.errors import PayloadError, VerificationError, unreadable_json
from app.core.moments import moment_or_none
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Verified,
    default_acknowledgement,
)
from app.platforms.aliyun_eventbridge.settings import EventBridgeSettings
from app.platforms.aliyun_eventbridge.stamp import ADDRESS, Stamp, read_stamp
from app.security.signatures import hmac_of, how_many, matching, sha256_hex, wire_bytes
from app.security.strict_json import parse_json_object
from app.wire.header_values import needed_header
from app.wire.key_addresses import KeyAddresses
from app.wire.named_keys import AddressedKeys, configured_keys_of
from app.wire.public_keys import is_signed_by_rsa, recovered_by_rsa

MILLISECOND_DIGITS: Final = 13
LONGEST_WORD: Final = 255
TRANSFORMED: Final = "transformed"
"""The type of a body that the rule's own transformation made: it is no CloudEvent any more."""


@dataclass(frozen=True, repr=False)
class EventBridgeCallbacks(AddressedKeys):
    """Takes pushes; satisfies WebhookSource, KeyFinder, OutboundUser and AdvisedSource."""

    settings: EventBridgeSettings
    addresses: KeyAddresses = field(init=False)
    configured_keys: Mapping[str, bytes] = field(init=False)
    tokens: tuple[bytes, ...] = field(init=False)

    answer_within: float | None = None
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.BODY
    key_owner = "Aliyun EventBridge"

    def __post_init__(self) -> None:
        """Make addresses, keys and tokens ready once, when the channel is opened."""
        own = self.settings
        object.__setattr__(self, "addresses", KeyAddresses(own.prefixes, own.believed_regions))
        object.__setattr__(self, "configured_keys", configured_keys_of(own.public_keys))
        object.__setattr__(self, "tokens", plain(own.token))

    @property
    def advice(self) -> str | None:
        """Say what is not proven without a token."""
        if self.tokens:
            return None
        return (
            "Every customer of EventBridge can have a push signed for this address; set a token on the target and here, "
            "so that only yours are taken."
        )

    def key_address(self, request: InboundRequest) -> str:
        """Return the address of the certificate."""
        return needed_header(request, ADDRESS, longest=1024)

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove time, token, target and signature."""
        stamp = read_stamp(request)
        self._check_time(stamp.timestamp, now)
        self._check_token(stamp)
        target = self.settings.target_url
        version = 1 if stamp.sealed_key else 2
        is_proven = self._is_proven_by_hmac if version == 1 else _is_proven_by_rsa
        if not any(is_proven(key, stamp, message) for message in stamp.messages(target, request.body)):
            raise VerificationError(
                "bad_signature",
                "The signature does not fit target_url, the headers and the body. Compare target_url with the rule's target, "
                "letter by letter.",
            )
        return Verified(f"eventbridge-v{version}")

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: a CloudEvent is known by source and id, a transformed body by its digest."""
        try:
            body = parse_json_object(request.body)
        except ValueError as error:
            raise unreadable_json(error) from error
        if "specversion" not in body:
            return ParsedEvent(TRANSFORMED, sha256_hex(request.body), body)
        key = f"{_word(body, 'source')}:{_word(body, 'id')}"
        subject = body.get("subject")
        return ParsedEvent(
            type=_word(body, "type"),
            key=key,
            data=body,
            subject=subject if isinstance(subject, str) and 0 < len(subject) <= LONGEST_WORD else None,
            occurred_at=moment_or_none(body.get("time")),
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer in the unified wording; EventBridge looks at the status alone."""
        return default_acknowledgement(outcome)

    def _check_time(self, timestamp: str, now: datetime) -> None:
        if len(timestamp) != MILLISECOND_DIGITS or not (timestamp.isascii() and timestamp.isdigit()):
            raise VerificationError(
                "bad_timestamp", "The signed time must be thirteen digits (milliseconds)."
            )
        apart = now.timestamp() * 1000 - int(timestamp)
        if abs(apart) > self.settings.tolerance_ms:
            raise VerificationError(
                "timestamp_outside_tolerance",
                f"The time differed: it is {abs(round(apart))} milliseconds from this gateway's clock, "
                f"{self.settings.tolerance_ms} are allowed.",
            )

    def _check_token(self, stamp: Stamp) -> None:
        if self.tokens and matching(wire_bytes(stamp.token or ""), self.tokens) is None:
            raise VerificationError(
                "bad_token", f"The target's token is none of them. Tried: {how_many(self.tokens, 'token')}."
            )

    def _is_proven_by_hmac(self, key: bytes, stamp: Stamp, message: bytes) -> bool:
        """Say whether version 1 proves: only with a token, because each push shows its HMAC key to whoever gets it."""
        if not self.tokens:
            raise VerificationError(
                "token_needed",
                "This push is signed in version 1, which proves nothing without a token; set one on the target and here.",
            )
        try:
            one_time_key = recovered_by_rsa(key, stamp.sealed_key)
        except ValueError:
            return False
        return (
            bool(one_time_key)
            and matching(stamp.signature, [hmac_of("sha1", one_time_key, message)]) is not None
        )


def _is_proven_by_rsa(key: bytes, stamp: Stamp, message: bytes) -> bool:
    return is_signed_by_rsa(key, message=message, signature=stamp.signature, digest="sha256")


def _word(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_WORD or not value.isprintable():
        raise PayloadError(
            f"bad_{name}",
            message=f"{name} of a CloudEvent must be printable text of 1 to {LONGEST_WORD} letters.",
        )
    return value
