"""Pub/Sub pushes a message: proof by the token that Google made for the service account, meaning, answer.

Source: docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions (read 2026-11-28). Taken as done are 102, 200, 201, 202 and 204; everything
else comes again until the subscription's retention ends. The deadline is the subscription's own, 10 seconds unless set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.errors import PayloadError, VerificationError
from app.core.moments import moment_or_none
from app.core.ports import HttpClient
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Verified,
    quiet_acknowledgement,
)
from app.platforms.google_pubsub.messages import Push, read_push
from app.platforms.google_pubsub.settings import GooglePubsubSettings
from app.security.outbound import origin_of
from app.wire.header_values import bearer_token
from app.wire.key_answers import fetch_key_set
from app.wire.key_sets import ProviderKey, kept_form, keys_from, keys_of_set
from app.wire.signed_tokens import check_claim, listed_key, timely_claims

ISSUERS: Final = ("https://accounts.google.com", "accounts.google.com")
ALGORITHM: Final = "RS256"
HOUR: Final = 3600


@dataclass(frozen=True, repr=False)
class GooglePubsubCallbacks:
    """Takes pushes, proven with configured keys; satisfies WebhookSource."""

    settings: GooglePubsubSettings

    answer_within: float | None = 8.0
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.ORIGIN

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender with the keys in `jwks`."""
        if not self.settings.jwks:
            raise VerificationError("unknown_key", "This channel has no jwks; the key has to be fetched.")
        return self._proven(request, now, keys_of_set(dict(self.settings.jwks)))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened; the key is the message's id, below its subscription where those are configured."""
        push = verified.context
        if isinstance(push, PayloadError):
            raise push
        if not isinstance(push, Push):
            raise PayloadError("not_verified_here")
        key = f"{push.subscription}:{push.message_id}" if self.settings.subscriptions else push.message_id
        return ParsedEvent(push.type, key, push.data, occurred_at=moment_or_none(push.published_at))

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 204 for what is stored; everything but a success comes again."""
        return quiet_acknowledgement(outcome, status=204)

    def _proven(self, request: InboundRequest, now: datetime, keys: Sequence[ProviderKey]) -> Verified:
        own = self.settings
        claims = timely_claims(
            token_of(request), keys, now.timestamp(), algorithm=ALGORITHM, leeway=own.clock_skew_s
        )
        self._check_whose(claims)
        push = self._read(request)
        if not own.subscriptions:
            return Verified("google-oidc", context=push)
        given = push.subscription if isinstance(push, Push) else None
        whose = Requirement("subscription", given, "subscriptions", own.subscriptions)
        return Verified("google-oidc", context=push, requirements=(whose,))

    def _check_whose(self, claims: Mapping[str, Any]) -> None:
        own = self.settings
        check_claim(claims, "iss", ISSUERS, reason="wrong_issuer", compare="whether Google sends it")
        check_claim(claims, "aud", (own.audience,), reason="wrong_audience", compare="audience")
        check_claim(claims, "email", (own.service_account,), reason="wrong_email", compare="service_account")
        if claims.get("email_verified") is not True:
            raise VerificationError("email_not_verified", "The token's email_verified is not true.")

    def _read(self, request: InboundRequest) -> Push | PayloadError:
        try:
            return read_push(request, unwrapped=self.settings.payload_unwrapping)
        except PayloadError as error:
            return error


class GooglePubsubFinder(GooglePubsubCallbacks):
    """Takes pushes, proven with the keys that Google publishes; satisfies KeyFinder and OutboundUser as well."""

    key_seconds = HOUR

    @property
    def origins(self) -> frozenset[str]:
        """Return where Google's keys are."""
        return frozenset({origin_of(self.settings.keys_address)})

    def claimed_key(self, request: InboundRequest) -> str | None:
        """Return the id of the key; raises VerificationError before any call for nothing."""
        return listed_key(token_of(request), ALGORITHM)

    def fetch_keys(self, claim: str, http: HttpClient, now: datetime) -> Mapping[str, bytes]:
        """Fetch Google's keys."""
        found = fetch_key_set(self.settings.keys_address, http, platform="Google")
        return {name: kept_form([key]) for name, key in found.items()}

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the sender with a key that was found."""
        return self._proven(request, now, keys_from(key))


def token_of(request: InboundRequest) -> bytes:
    """Return the token of `Authorization: Bearer …`; raises VerificationError."""
    return bearer_token(request, "enable authentication of the push subscription, with a service account.")
