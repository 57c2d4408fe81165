"""Graph posts notifications: proof of each entry, an event for each, answer.

Source: learn.microsoft.com/graph/change-notifications-delivery-webhooks (read 2026-11-28). What is odd: an entry without resource data is proven by
clientState alone, a secret that stands in it; nothing is signed. An address that takes longer than 3 seconds is called slow, and notifications to
slow ones are delayed and dropped. What fails comes again for four hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.config.platform_settings import plain, plain_text
from app.core.errors import PayloadError, VerificationError
from app.core.ports import Handshake
from app.core.values import (
    JSON,
    Coverage,
    CredentialPlaces,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Verified,
    quiet_acknowledgement,
)
from app.platforms.microsoft_graph.handshake import ValidationRequest
from app.platforms.microsoft_graph.notices import Notices, key_of, read_notices, type_of
from app.platforms.microsoft_graph.resource_data import open_content
from app.platforms.microsoft_graph.settings import MicrosoftGraphSettings
from app.platforms.microsoft_graph.tokens import proven_tenants
from app.security.signatures import how_many, matching
from app.wire.key_sets import ProviderKey, keys_of_set
from app.wire.public_keys import read_private_rsa_key

STATE: Final = "clientState"
SEALED: Final = "encryptedContent"


@dataclass(frozen=True, repr=False)
class MicrosoftGraphCallbacks:
    """Takes notifications; satisfies WebhookSource, BatchSource, SetUpSource, CredentialBearer and SlowProof."""

    settings: MicrosoftGraphSettings
    states: tuple[bytes, ...] = field(init=False)
    private_keys: Mapping[str, RSAPrivateKey] = field(init=False)
    handshakes: tuple[Handshake, ...] = (ValidationRequest(),)

    answer_within: float | None = 2.5
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.ORIGIN

    @property
    def proof_is_slow(self) -> bool:
        """Whether entries are opened: each takes half a millisecond of RSA, and a delivery may bring hundreds."""
        return bool(self.settings.encryption_keys)

    def __post_init__(self) -> None:
        """Make the secrets ready once, when the channel is opened."""
        own = self.settings
        keys = {name: read_private_rsa_key(plain_text(key)) for name, key in own.encryption_keys.items()}
        object.__setattr__(self, "states", plain(own.client_state))
        object.__setattr__(self, "private_keys", keys)

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove a delivery by clientState, and by its tokens with the keys in `jwks`."""
        notices = self.with_state(request)
        if not self.needs_keys(notices):
            return self._verified(notices, self.settings.tenants, "graph-client-state")
        if not self.settings.jwks:
            raise VerificationError("unknown_key", "This channel has no jwks; the keys have to be fetched.")
        return self.proven(notices, now, keys_of_set(dict(self.settings.jwks)))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; the handshake comes before any proof."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what the first entry tells."""
        return self.parse_batch(request, verified)[0]

    def parse_batch(self, request: InboundRequest, verified: Verified) -> Sequence[ParsedEvent]:
        """Say what each entry tells: its own fields and, opened, the resource it brings."""
        if not isinstance(verified.context, tuple):
            raise PayloadError("not_verified_here")
        repeated = self.settings.repeated_updates
        return [
            ParsedEvent(type_of(entry), key_of(entry, repeated_updates=repeated), entry)
            for entry in verified.context
        ]

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 202 for what is stored; what fails comes again."""
        return quiet_acknowledgement(outcome, status=202)

    def credential_places(self, data: JSON | None) -> CredentialPlaces:
        """Return where the secret itself stands: in each entry."""
        return CredentialPlaces(fields=(STATE,))

    def with_state(self, request: InboundRequest) -> Notices:
        """Return a delivery whose every entry names the channel's clientState; raises VerificationError."""
        notices = read_notices(request)
        given = [entry.get(STATE) for entry in notices.entries]
        if any(not isinstance(each, str) or matching(each, self.states) is None for each in given):
            raise VerificationError(
                "bad_client_state",
                f"An entry's clientState is none of them. Tried: {how_many(self.states, 'client_state')}. Was the subscription "
                "created with another one, or without?",
            )
        return notices

    def needs_keys(self, notices: Notices) -> bool:
        """Say whether a delivery is proven by tokens as well; raises VerificationError where it has to be and cannot."""
        own = self.settings
        if notices.has_content and not (own.app_id and own.tenants):
            raise VerificationError(
                "resource_data_not_configured",
                "An entry brings resource data, and this channel has no app_id or no tenants to prove who sealed it.",
            )
        if notices.has_content and not notices.tokens:
            raise VerificationError(
                "missing_validation_tokens",
                "An entry brings resource data, and no validationTokens prove that Graph sealed it; anybody can.",
            )
        return bool(notices.tokens and own.app_id and own.tenants)

    def proven(self, notices: Notices, now: datetime, keys: Sequence[ProviderKey]) -> Verified:
        """Prove the tokens of a delivery, then open what it brings; raises VerificationError."""
        tenants = proven_tenants(notices.tokens, keys, self.settings, now.timestamp())
        return self._verified(notices, tuple(tenants), "graph-validation-tokens")

    def _verified(self, notices: Notices, tenants: Sequence[str], scheme: str) -> Verified:
        entries = tuple(self._opened(entry) for entry in notices.entries)
        return Verified(scheme, context=entries, requirements=_of_tenants(notices.entries, tuple(tenants)))

    def _opened(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        if SEALED not in entry:
            return entry
        rest = {name: value for name, value in entry.items() if name != SEALED}
        return {**rest, "content": open_content(entry[SEALED], self.private_keys)}


def _of_tenants(entries: Sequence[Mapping[str, Any]], tenants: tuple[str, ...]) -> tuple[Requirement, ...]:
    """Return that each entry's tenant is one of them; one that brings no resource may name none (personal accounts)."""
    if not tenants:
        return ()
    named = {
        given if isinstance(given := entry.get("tenantId"), str) else None
        for entry in entries
        if SEALED in entry or entry.get("tenantId")
    }
    return tuple(Requirement("tenantId", each, "tenants", tenants) for each in named)
