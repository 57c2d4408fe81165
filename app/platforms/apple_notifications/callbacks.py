"""The App Store posts a notification: proof of the whole and of the signed texts in it, meaning, answer.

Source: developer.apple.com/documentation/appstoreservernotifications/responding-to-app-store-server-notifications (read 2026-11-28). In
production what is not answered 200 to 206 comes again after 1, 12, 24, 48 and 72 hours; in the sandbox nothing comes again. A time limit for the
answer is unconfirmed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from cryptography import x509

from app.core.errors import PayloadError, VerificationError
from app.core.moments import moment_or_none
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Situation,
    Verified,
    quiet_acknowledgement,
    text_reply,
)
from app.platforms.apple_notifications.payloads import (
    PRODUCTION,
    key_of,
    requirements_of,
    type_of,
    with_opened,
)
from app.platforms.apple_notifications.settings import AppleNotificationsSettings
from app.platforms.apple_notifications.signed_data import open_signed
from app.security.strict_json import parse_json_exactly


@dataclass(frozen=True, repr=False)
class AppleNotificationsCallbacks:
    """Takes notifications of one app; satisfies WebhookSource, SlowProof of app.core.slow_proofs."""

    settings: AppleNotificationsSettings
    roots: tuple[x509.Certificate, ...] = field(init=False)

    answer_within: float | None = None
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.BODY
    proof_is_slow = True  # up to three signed texts with three certificates each: about 7 ms of a core

    def __post_init__(self) -> None:
        """Read the roots once, when the channel is opened."""
        object.__setattr__(self, "roots", self.settings.roots)

    @property
    def retries_failed_answers(self) -> bool:
        """Whether a failed answer brings the notification again: in production only."""
        return self.settings.environment == PRODUCTION

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the notification first and then, with certificates of their own, the signed texts in it."""
        payload = open_signed(_signed_payload(request.body), self.roots, now)
        opened = with_opened(payload, partial(open_signed, roots=self.roots, now=now))
        return Verified("app-store-jws", context=opened, requirements=requirements_of(payload, self.settings))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; a test notification is an event."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: the opened payload; the key is notificationUUID."""
        payload = verified.context
        if not isinstance(payload, dict):
            raise PayloadError("not_verified_here")
        signed_at = moment_or_none(payload.get("signedDate"))
        return ParsedEvent(type_of(payload), key_of(payload), payload, occurred_at=signed_at)

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 200 for what is stored; anything else makes the App Store send it again, in production."""
        is_failure = outcome.situation in (Situation.HANDLER_FAILED, Situation.COME_AGAIN)
        if is_failure and not self.retries_failed_answers:
            return text_reply(200, "")
        return quiet_acknowledgement(outcome, status=200)


def _signed_payload(body: bytes) -> str:
    try:
        signed = parse_json_exactly(body).get("signedPayload")
    except ValueError as error:
        raise VerificationError("not_a_notification", f"The body is not JSON: {error}.") from error
    if not isinstance(signed, str) or not signed:
        raise VerificationError(
            "missing_signature",
            "The body has no signedPayload. Version 1 notifications have none: choose version 2 in App Store Connect.",
        )
    return signed
