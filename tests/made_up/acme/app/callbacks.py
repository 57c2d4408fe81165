"""Acme's callbacks: HMAC-SHA256 over timestamp, a dot and the body, in hex."""

from __future__ import annotations

from datetime import datetime

from app.core.errors import PayloadError, VerificationError
from app.core.moments import moment_from
from app.core.subjects import subject_of
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Verified,
    default_acknowledgement,
)
from app.platforms.acme.account import AcmeAccount
from app.security.signatures import check_timestamp, hmac_sha256, matching, wire_bytes
from app.security.strict_json import parse_json_object

WINDOW_SECONDS = 300
MAX_TYPE = 128


class AcmeCallbacks(AcmeAccount):
    """Takes callbacks; satisfies app.core.ports.WebhookSource."""

    answer_within: float | None = None
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.BODY

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender by the signature over time and body."""
        timestamp = request.header("X-Acme-Timestamp")
        signature = request.header("X-Acme-Signature")
        if not timestamp or not signature:
            raise VerificationError("missing_signature")
        message = wire_bytes(timestamp) + b"." + request.body
        candidates = [hmac_sha256(key, message).hex() for key in self.keys]
        if matching(wire_bytes(signature), candidates) is None:
            raise VerificationError("bad_signature")
        check_timestamp(timestamp, now.timestamp(), WINDOW_SECONDS)
        return Verified("hmac-sha256")

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Read id, type and data; the id is the key."""
        try:
            body = parse_json_object(request.body)
            occurred_at = moment_from(body.get("created"))
        except ValueError as error:
            raise PayloadError("not_an_event") from error
        kind, key = body.get("type"), body.get("id")
        if not isinstance(kind, str) or not 0 < len(kind) <= MAX_TYPE or not kind.isprintable():
            raise PayloadError("bad_type")
        if not isinstance(key, str) or not 0 < len(key) <= MAX_TYPE or not key.isprintable():
            raise PayloadError("bad_id")
        return ParsedEvent(kind, key, body, subject_of(body.get("data")), occurred_at)

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer in the unified wording."""
        return default_acknowledgement(outcome)
