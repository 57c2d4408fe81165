"""eBay's notifications: proof by a key that the header names, meaning, answer.

Sources (read 2026-11-28): developer.ebay.com, Notification API overview; npm event-notification-nodejs-sdk 1.0.3. What is odd: the official SDKs check the body
written anew, not as it came. eBay sends compact JSON, so both are the same bytes for Latin text; the bytes that came are tried
first. The header names a digest too; it is the key's, and never chosen by the header. 412, which the SDKs answer to a wrong
signature, is not needed: every 4xx is a refusal. How long eBay waits is unconfirmed; 3 seconds are aimed at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from app.config.platform_settings import plain_text
from app.core.errors import PayloadError, VerificationError, unreadable_json
from app.core.moments import moment_or_none
from app.core.ports import Handshake, HttpClient
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
from app.platforms.ebay import keys
from app.platforms.ebay.handshake import Challenge
from app.platforms.ebay.settings import EbaySettings
from app.security.signatures import strict_base64
from app.security.strict_json import parse_json_exactly
from app.wire.header_values import base64_header
from app.wire.named_keys import NamedKeys, configured_keys_of
from app.wire.public_keys import is_signed_by_ecdsa

HEADER: Final = "X-EBAY-SIGNATURE"
KID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
TOPIC: Final = re.compile(r"[A-Za-z0-9_.]{1,100}")
LONGEST_ID: Final = 255
FAILED: Final = (Situation.HANDLER_FAILED, Situation.COME_AGAIN, Situation.UNKNOWN_EVENT_TYPE)


class Claim(NamedTuple):
    """What the header says."""

    kid: str
    signature: bytes


@dataclass(frozen=True, repr=False)
class EbayCallbacks(NamedKeys):
    """Takes notifications; satisfies WebhookSource, SetUpSource, KeyFinder and AdvisedSource."""

    settings: EbaySettings
    configured_keys: Mapping[str, bytes] = field(init=False)
    handshakes: tuple[Handshake, ...] = field(init=False)

    answer_within: float | None = 2.5
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST", "GET")
    signature_covers = Coverage.BODY
    key_owner = keys.OWNER

    def __post_init__(self) -> None:
        """Read configured keys once, when the channel is opened."""
        own = self.settings
        object.__setattr__(self, "configured_keys", configured_keys_of(own.public_keys))
        object.__setattr__(self, "handshakes", (Challenge(plain_text(own.verification_token), own.endpoint),))

    @property
    def advice(self) -> str | None:
        """Say that no key can be asked for, where neither a keyset nor a key is configured."""
        if self.settings.can_ask or self.configured_keys:
            return None
        return (
            "eBay hands out its public keys only to an application token: set client_id and client_secret, "
            "or every notification is refused."
        )

    def key_name(self, request: InboundRequest) -> str:
        """Return the kid of the header."""
        return _claim(request).kid

    def key_text(self, claim: str, http: HttpClient) -> str | None:
        """Ask for a key."""
        return keys.key_text(self.settings, claim, http)

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the signature over the body as it came, or as eBay's own SDKs write it anew."""
        signature = _claim(request).signature
        if is_signed_by_ecdsa(key, message=request.body, signature=signature, digest="sha1"):
            return Verified("ecdsa")
        again = _written_anew(request.body)
        if again is not None and is_signed_by_ecdsa(key, message=again, signature=signature, digest="sha1"):
            return Verified("ecdsa-rewritten")
        raise VerificationError(
            "bad_signature",
            "The signature does not fit the body; something between eBay and this gateway may have changed it.",
        )

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; set-up requests come without proof."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: the topic; the key is the notification's id."""
        try:
            body = parse_json_exactly(request.body)
        except ValueError as error:
            raise unreadable_json(error) from error
        told, about = _table(body, "notification"), _table(body, "metadata")
        topic, key = about.get("topic"), told.get("notificationId")
        if not isinstance(topic, str) or not TOPIC.fullmatch(topic):
            raise PayloadError("bad_topic", message="metadata.topic must be a word.")
        if not isinstance(key, str) or not 0 < len(key) <= LONGEST_ID or not key.isprintable():
            raise PayloadError("bad_id", message="notification.notificationId must be printable text.")
        return ParsedEvent(topic, key, body, _user(told), moment_or_none(told.get("eventDate")))

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 204 for what is stored; repeated failures make eBay mark the endpoint down."""
        return default_acknowledgement(outcome) if outcome.situation in FAILED else Reply(204, b"")


def _claim(request: InboundRequest) -> Claim:
    try:
        said = parse_json_exactly(base64_header(request, HEADER, longest=4096))
        kid, signature = said.get("kid"), said.get("signature")
        if not isinstance(kid, str) or not isinstance(signature, str):
            raise ValueError("kid or signature is missing")
        named = tuple(str(said.get(name, "")).upper() for name in ("alg", "digest"))
        decoded = strict_base64(signature)
    except ValueError as error:
        raise VerificationError("bad_signature_header", f"{HEADER} is no signature of eBay.") from error
    if not KID.fullmatch(kid):
        raise VerificationError("bad_key_name", "The signature's kid is no name of a key.")
    if named != keys.ALGORITHM:
        raise VerificationError("algorithm_not_allowed", "The signature is not ECDSA with SHA1.")
    return Claim(kid, decoded)


def _written_anew(body: bytes) -> bytes | None:
    try:
        text = json.dumps(parse_json_exactly(body), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8")
    except (ValueError, RecursionError):  # Half a character is a ValueError.
        return None


def _table(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    if not isinstance(found, Mapping):
        raise PayloadError(f"bad_{name}", message=f"A notification must carry the object {name}.")
    return found


def _user(told: Mapping[str, Any]) -> str | None:
    data = told.get("data")
    user = data.get("userId") if isinstance(data, Mapping) else None
    return user if isinstance(user, str) and 0 < len(user) <= LONGEST_ID else None
