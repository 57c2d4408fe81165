"""The callbacks of the unified envelope: proof by the channel's scheme, meaning, answer.

Event keys: a v1 event id is its own key, a v2 webhook id gets `v2:` in front. A v1 id that itself begins with `v1:`
or `v2:` gets `v1:` in front, so that no id of one version can ever take a key of the other.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from app.core.errors import PayloadError, RefusedError, VerificationError, unreadable_json
from app.core.moments import moment_from, moment_or_none
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
from app.platforms.callback.bearer import UnifiedBearer
from app.platforms.callback.diagnosis import why_signature_differs, why_signature_is_missing
from app.platforms.callback.envelope import NOT_OPENED, open_sealed
from app.security.signatures import check_timestamp, hmac_sha256, how_many, matching, wire_bytes
from app.security.strict_json import parse_json_object
from app.wire.standard_webhooks import verify_standard_webhook
from app.wire.wrapped_bodies import sent_body

WINDOW = 300
MAX_WORD = 255
SIGNATURE = re.compile(r"(?:[sS][hH][aA]256=)?([0-9a-fA-F]{64})")
NONCE = re.compile(r"[\x21-\x7e]{8,128}")
TYPE_ONLY_IN_HEADER = (
    "event_type is missing in the body. X-Event-Type cannot stand for it, because no scheme of this platform signs that "
    "header: anybody on the way could change it. Put event_type into the body."
)


class UnifiedCallbacks(UnifiedBearer):
    """Takes callbacks in the unified envelope; satisfies app.core.ports.WebhookSource."""

    answer_within: float | None = None
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)

    @property
    def signature_covers(self) -> Coverage:
        """Say what the weakest scheme of this channel proves; a JWT need not name the body's digest."""
        if self.is_open:
            return Coverage.NONE
        return Coverage.BODY if self.settings.scheme in ("body", "timestamp-nonce") else Coverage.ORIGIN

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender by the channel's scheme (v1) or as a Standard Webhook (v2); then open what is sealed."""
        if request.version not in ("v1", "v2"):
            raise RefusedError(
                "unknown_version",
                "Use interface version v1 or v2, in the address or in X-API-Version.",
                http_status=400,
            )
        if self.is_open:
            return Verified("unsigned")
        proven = self._prove(request, now)
        return self._opened(request, proven) if self.settings.encrypted else proven

    def _prove(self, request: InboundRequest, now: datetime) -> Verified:
        if request.version == "v2":
            return self._verify_webhook(request, now)
        match self.settings.scheme:
            case "body":
                return self._verify_signature(request, b"", "body")
            case "timestamp-nonce":
                return self.verify_timestamp_nonce(request, now)
            case "token":
                return self._verify_token(request)
            case _:
                return self.verify_bearer(request, now)

    def _opened(self, request: InboundRequest, proven: Verified) -> Verified:
        """Open a proven body; that it is sealed is the channel's setting, never what the request looks like."""
        try:
            body = sent_body(request)
        except ValueError:
            raise VerificationError("unreadable_body", NOT_OPENED) from None
        plaintext, content = open_sealed(self.envelope_keys, body)
        return proven._replace(
            scheme=f"{proven.scheme}+aes", plaintext=plaintext, context=content, is_encrypted=True
        )

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; the envelope has no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Read the envelope; `data` of the event is the whole body."""
        body = self._content(request, verified)
        if request.version == "v2":
            identifier = wire_bytes(request.header("webhook-id") or "").decode("utf-8", "replace")
            occurred_at = moment_or_none(body.get("timestamp"))
            key = f"v2:{identifier}" if identifier else None
            return _event(body, type_field="type", key=key, occurred_at=occurred_at)
        declared = request.header("X-Event-Type")
        if declared and body.get("event_type") is None:
            raise PayloadError("event_type_only_in_header", message=TYPE_ONLY_IN_HEADER)
        event_id = _event_id(body)
        event = _event(
            body, type_field="event_type", key=_v1_key(event_id), occurred_at=self._occurred_at(body)
        )
        if declared and wire_bytes(declared) != event.type.encode():
            raise PayloadError(
                "event_type_mismatch",
                code="event_type_mismatch",
                message="X-Event-Type and event_type in the body differ; send the same in both, or no header.",
            )
        return event

    def _content(self, request: InboundRequest, verified: Verified) -> dict[str, Any]:
        if self.settings.encrypted:
            if not isinstance(verified.context, dict):
                raise PayloadError("not_verified_here")
            return verified.context
        try:
            return parse_json_object(sent_body(request))
        except ValueError as error:
            raise unreadable_json(error) from error

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer in the unified wording."""
        return default_acknowledgement(outcome)

    def _occurred_at(self, body: dict[str, Any]) -> datetime | None:
        """Read the body's time; where the scheme judges no time, one that cannot be read is no reason to refuse."""
        if self.is_open or self.settings.scheme != "timestamp-nonce":
            return moment_or_none(body.get("timestamp"))
        try:
            return moment_from(body.get("timestamp"))
        except ValueError as error:
            raise PayloadError(
                "bad_timestamp",
                message="timestamp must be seconds, milli-, micro- or nanoseconds since 1970, or ISO 8601 text, or be "
                "left out.",
            ) from error

    def _verify_webhook(self, request: InboundRequest, now: datetime) -> Verified:
        verify_standard_webhook(
            identifier=request.header("webhook-id"),
            timestamp=request.header("webhook-timestamp"),
            signatures=request.header("webhook-signature"),
            body=request.body,
            keys=self.webhook_keys,
            now=now.timestamp(),
            tolerance=WINDOW,
        )
        return Verified("standard-webhooks")

    def _verify_signature(self, request: InboundRequest, suffix: bytes, scheme: str) -> Verified:
        header = request.header("X-Signature")
        if not header:
            raise VerificationError("missing_signature", lambda: why_signature_is_missing(request, scheme))
        match = SIGNATURE.fullmatch(header)
        given = None if match is None else bytes.fromhex(match[1])
        expected = [hmac_sha256(secret, request.body + suffix) for secret in self.secrets]
        if given is None or matching(given, expected) is None:
            raise VerificationError(
                "bad_signature", lambda: why_signature_differs(request, given, self.secrets, scheme)
            )
        return Verified(scheme)

    def verify_timestamp_nonce(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove by body + timestamp + nonce; that the nonce is new is checked where nonces are stored."""
        timestamp, nonce = request.header("X-Timestamp") or "", request.header("X-Nonce") or ""
        seconds = check_timestamp(timestamp, now.timestamp(), WINDOW)
        if not NONCE.fullmatch(nonce):
            raise VerificationError(
                "bad_nonce",
                "X-Nonce must be 8 to 128 printable ASCII characters without blanks, new each time.",
            )
        self._verify_signature(request, (timestamp + nonce).encode("ascii"), "timestamp-nonce")
        return Verified(
            "timestamp-nonce", nonce=nonce, nonce_until=datetime.fromtimestamp(seconds + WINDOW, UTC)
        )

    def _verify_token(self, request: InboundRequest) -> Verified:
        token = request.header("X-Token")
        if not token:
            raise VerificationError(
                "missing_token", "There is no X-Token header; scheme token compares it with secret."
            )
        if matching(wire_bytes(token), self.secrets) is None:
            raise VerificationError(
                "bad_token", f"X-Token is none of them. Tried: {how_many(self.secrets, 'secret')}."
            )
        return Verified("token")


def _event_id(body: dict[str, Any]) -> str:
    """Return the event id; an integer counts as its decimal text, so that 42 and "42" are the same event."""
    value = body.get("event_id")
    return str(value) if type(value) is int else _word(body, "event_id")


def _v1_key(event_id: str) -> str:
    return f"v1:{event_id}" if event_id.startswith(("v1:", "v2:")) else event_id


def _event(
    body: dict[str, Any], *, type_field: str, key: str | None, occurred_at: datetime | None
) -> ParsedEvent:
    data = {"data": {}} | body
    return ParsedEvent(_word(body, type_field), key, data, subject_of(data["data"]), occurred_at)


def _word(body: dict[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_WORD or not value.isprintable():
        raise PayloadError(
            f"bad_{field}", message=f"{field} must be printable text of 1 to {MAX_WORD} characters."
        )
    return value
