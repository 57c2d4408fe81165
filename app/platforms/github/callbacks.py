"""GitHub's webhooks: proof, ping, meaning, answer.

Sources (read 2026-11-20): docs.github.com, "Validating webhook deliveries", "Webhook events and payloads", "Handling failed webhook
deliveries". What is odd: the signature covers the body alone, so neither the event's name nor the delivery's id is proven; a
hook made by the API sends a form, whose bytes are what is signed; a redelivery keeps its id.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

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
    json_reply,
)
from app.platforms.github.account import GitHubAccount
from app.security.signatures import hmac_sha256, how_many, matching, sha256_hex, wire_bytes
from app.security.strict_json import parse_json_object
from app.wire.wrapped_bodies import form_field

SIGNATURE_HEADER: Final = "X-Hub-Signature-256"
OLD_SIGNATURE_HEADER: Final = "X-Hub-Signature"
EVENT_HEADER: Final = "X-GitHub-Event"
DELIVERY_HEADER: Final = "X-GitHub-Delivery"
SIGNATURE: Final = re.compile(r"sha256=([0-9A-Fa-f]{64})")
EVENT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
DELIVERY: Final = re.compile(r"[\x21-\x7e]{1,200}")
FORM_START: Final = b"payload="
LONGEST_ACTION: Final = 100


class GitHubCallbacks(GitHubAccount):
    """Takes webhooks; satisfies app.core.ports.WebhookSource."""

    answer_within: float | None = 8.0
    """GitHub waits 10 seconds."""

    retries_failed_answers = False
    """What failed is only sent again by hand or by the API, within three days."""

    methods: tuple[str, ...] = ("POST",)

    @property
    def signature_covers(self) -> Coverage:
        """Say what an accepted request is proven for."""
        return Coverage.NONE if self.is_open else Coverage.BODY

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Check the SHA-256 signature over the raw body; the older SHA-1 one never counts."""
        if self.is_open:
            return self._understood("unsigned", request)
        header = request.header(SIGNATURE_HEADER)
        if not header:
            raise VerificationError("missing_signature", _why_missing(request))
        form = SIGNATURE.fullmatch(header)
        expected = [hmac_sha256(secret, request.body) for secret in self.secrets]
        if form is None or matching(bytes.fromhex(form[1]), expected) is None:
            raise VerificationError("bad_signature", lambda: self._why_different(form is not None))
        return self._understood("github", request)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Answer the ping that GitHub sends once a webhook is made."""
        return json_reply(200, {"status": "pong"}) if verified.is_challenge else None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: the event's name, with the body's action when there is one; the key is the delivery's id."""
        data = _content(verified.context)
        sender = data.get("sender")
        number = sender.get("id") if isinstance(sender, dict) else None
        return ParsedEvent(
            type=_event_type(request, data),
            key=_key(request),
            data=data,
            subject=str(number) if type(number) is int else None,
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer kindly: GitHub sends nothing again by itself, and the gateway goes on with what it has stored."""
        if outcome.situation in (Situation.HANDLER_FAILED, Situation.COME_AGAIN):
            outcome = outcome._replace(situation=Situation.ACCEPTED, data=None)
        return default_acknowledgement(outcome)

    def _understood(self, scheme: str, request: InboundRequest) -> Verified:
        """Read the body, which is JSON or a form with JSON in it; which of them is said by the bytes that were signed."""
        body, plaintext = request.body, None
        try:
            if body.startswith(FORM_START):
                body = plaintext = form_field(body, "payload")
            data = parse_json_object(body)
        except ValueError:
            # Proven, and yet not what GitHub sends: kept with what its headers say, for nobody would send it again.
            data = {}
        is_ping = request.header(EVENT_HEADER) == "ping" and "zen" in data
        return Verified(scheme, plaintext, is_challenge=is_ping, context=data)

    def _why_different(self, has_form: bool) -> str:
        if not has_form:
            return f"{SIGNATURE_HEADER} must be sha256= and 64 hexadecimal digits."
        return (
            f"Tried: {how_many(self.secrets, 'secret')}, over the raw body. Compare it with Settings → Webhooks → Secret at "
            "GitHub; a body changed on the way has the same effect."
        )


def _why_missing(request: InboundRequest) -> str:
    if request.header(OLD_SIGNATURE_HEADER):
        return f"Only {OLD_SIGNATURE_HEADER} came, which is SHA-1 and is not taken; {SIGNATURE_HEADER} is missing."
    return f"{SIGNATURE_HEADER} is missing: set the same secret at GitHub (Settings → Webhooks → Secret) and here."


def _content(context: Any) -> dict[str, Any]:
    if not isinstance(context, dict):
        raise PayloadError("not_verified_here")
    return context


def _event_type(request: InboundRequest, data: dict[str, Any]) -> str:
    name = request.header(EVENT_HEADER) or ""
    if not EVENT_NAME.fullmatch(name):
        raise PayloadError(
            "bad_event_name",
            message=f"{EVENT_HEADER} must name an event in small letters, such as pull_request.",
        )
    action = data.get("action")
    is_word = isinstance(action, str) and 0 < len(action) <= LONGEST_ACTION and action.isprintable()
    return f"{name}.{action}" if is_word else name


def _key(request: InboundRequest) -> str:
    """Return the delivery's id; without a usable one the body stands for it."""
    delivery = request.header(DELIVERY_HEADER) or ""
    if DELIVERY.fullmatch(delivery):
        return wire_bytes(delivery).decode("ascii")
    return f"sha256:{sha256_hex(request.body)}"
