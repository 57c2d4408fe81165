"""Plaid's webhooks: a token about the body's digest, its key by a POST with the client's secret, the event.

Sources (read 2026-11-28): plaid.com/docs, "Webhook verification" and "Webhooks". What is odd: the token has no `exp`, its `iat` may be five minutes old. Bodies have
no id: their digest is the key, so an equal body within the time of de-duplication is taken for a repetition. Plaid indents its
JSON with two blanks, and the digest is over those bytes. 200 is wanted within 10 seconds; resends go on for 24 hours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.config.platform_settings import plain_text
from app.core.errors import PayloadError, UpstreamError, VerificationError, unreadable_json
from app.core.ports import HttpAnswer, HttpClient
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Verified,
    default_acknowledgement,
)
from app.platforms.plaid.settings import PlaidSettings
from app.security.signatures import same_secret, sha256_hex, wire_bytes
from app.security.strict_json import parse_json_object
from app.wire.header_values import needed_header
from app.wire.key_answers import check_status
from app.wire.named_keys import NamedKeys, configured_keys_of
from app.wire.public_keys import read_key_of_jwk
from app.wire.signed_tokens import check_window, named_key, proven_claims, signed_second

HEADER: Final = "Plaid-Verification"
ALGORITHM: Final = "ES256"
PATH: Final = "/webhook_verification_key/get"
UNKNOWN_KEY: Final = "INVALID_WEBHOOK_VERIFICATION_KEY_ID"
WORD: Final = re.compile(r"[A-Za-z0-9_]{1,100}")


@dataclass(frozen=True, repr=False)
class PlaidCallbacks(NamedKeys):
    """Takes webhooks; satisfies WebhookSource and KeyFinder."""

    settings: PlaidSettings
    configured_keys: Mapping[str, bytes] = field(init=False)

    answer_within: float | None = 9.0
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.BODY
    key_owner = "Plaid"

    def __post_init__(self) -> None:
        """Read configured keys once, when the channel is opened."""
        object.__setattr__(self, "configured_keys", configured_keys_of(self.settings.public_keys))

    def key_name(self, request: InboundRequest) -> str:
        """Return the token's kid."""
        return named_key(_token(request), ALGORITHM)

    def key_text(self, claim: str, http: HttpClient) -> str | None:
        """Ask for a key, None where Plaid has none of that name or it has expired."""
        own = self.settings
        asked = {"client_id": own.client_id, "secret": plain_text(own.secret), "key_id": claim}
        answer = http.request("POST", own.api_base + PATH, json=asked)
        if _is_unknown(answer):
            return None
        check_status(answer, self.key_owner)
        key = answer.json_object().get("key")
        if not isinstance(key, Mapping):
            raise UpstreamError("upstream_bad_answer", "Plaid's answer holds no key.")
        if key.get("expired_at") is not None or key.get("kid", claim) != claim:
            return None
        return read_key_of_jwk(key, self.key_owner)

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove signature, time and the body's digest."""
        claims = proven_claims(_token(request), [load_der_public_key(key)], ALGORITHM)
        check_window(signed_second(claims, "iat"), now.timestamp(), self.settings.tolerance_s)
        given = claims.get("request_body_sha256")
        digest = sha256_hex(request.body)
        if not isinstance(given, str) or not same_secret(given, digest):
            raise VerificationError(
                "wrong_body",
                "The token is about another body; something between Plaid and this gateway changed it.",
            )
        return Verified("jwt", context=digest)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: `webhook_type.webhook_code`, about an Item."""
        try:
            body = parse_json_object(request.body)
        except ValueError as error:
            raise unreadable_json(error) from error
        words = [body.get(name) for name in ("webhook_type", "webhook_code")]
        told = [word for word in words if isinstance(word, str) and WORD.fullmatch(word)]
        if len(told) != len(words):
            raise PayloadError(
                "bad_type", message="webhook_type and webhook_code must be words of letters, digits and _."
            )
        item = body.get("item_id")
        subject = item if isinstance(item, str) and 0 < len(item) <= 255 else None  # noqa: PLR2004
        return ParsedEvent(".".join(told), sha256_hex(request.body), body, subject)

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer in the unified wording; Plaid looks at the status alone."""
        return default_acknowledgement(outcome)


def _token(request: InboundRequest) -> bytes:
    return wire_bytes(needed_header(request, HEADER))


def _is_unknown(answer: HttpAnswer) -> bool:
    """Say whether Plaid does not know the key; a wrong client_id or secret is a 400 as well, of another code."""
    if answer.status == 400:  # noqa: PLR2004
        return answer.json_object().get("error_code") == UNKNOWN_KEY
    return answer.status == 404  # noqa: PLR2004
