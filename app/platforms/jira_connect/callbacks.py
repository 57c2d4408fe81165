"""Callbacks of Atlassian Connect: webhooks signed with a tenant's secret, lifecycle callbacks signed by Atlassian itself.

Sources (read 2026-11-28): developer.atlassian.com, "Security for Connect apps", "Webhooks", "Lifecycle". What is odd: neither signature covers the body. `installed` brings the secret that all later webhooks
are signed with, so only Atlassian's own signature (RS256) counts for it, never a tenant's. Resends, up to five, carry the
same X-Atlassian-Webhook-Identifier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.config.platform_settings import plain_text
from app.core.errors import PayloadError, VerificationError, unreadable_json
from app.core.moments import moment_or_none
from app.core.ports import HttpClient
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
    default_acknowledgement,
)
from app.platforms.jira_connect.settings import ConnectSettings
from app.platforms.jira_connect.tenants import ConnectTenants, is_tenant_key, tenant_claim
from app.platforms.jira_connect.tokens import (
    check_claims,
    claims_by_secret,
    query_string_hash,
    token_of,
)
from app.security.signatures import same_secret, sha256_hex
from app.security.strict_json import parse_json_exactly
from app.wire.key_answers import fetched_file
from app.wire.named_keys import NamedKeys, configured_keys_of
from app.wire.signed_tokens import named_key, proven_claims, signed_second, unproven_claims

LIFECYCLE: Final = frozenset({"installed", "uninstalled"})
"""What Atlassian signs itself; enabled and disabled come with the tenant's signature."""

BY_ATLASSIAN: Final = "jwt-atlassian"
ALGORITHM: Final = "RS256"
IDENTIFIER: Final = "X-Atlassian-Webhook-Identifier"
KEY_WORD: Final = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
TYPE: Final = re.compile(r"[A-Za-z0-9_:.-]{1,100}")
DIGEST_LETTERS: Final = 16
PLACES: Final = CredentialPlaces(fields=("sharedSecret",))


class Signer(NamedTuple):
    """Whose token it is, and when Atlassian signed it; None for a webhook."""

    tenant: str
    at: datetime | None = None


@dataclass(frozen=True, repr=False)
class ConnectCallbacks(ConnectTenants, NamedKeys):
    """Takes callbacks of one app; satisfies WebhookSource, KeyFinder, SubAddresses, CredentialBearer and AdvisedSource."""

    settings: ConnectSettings
    configured_keys: Mapping[str, bytes] = field(init=False)
    tenants: Mapping[str, bytes] = field(init=False)

    answer_within: float | None = None
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.ORIGIN
    address_template = ""
    key_owner = "Atlassian Connect"

    def __post_init__(self) -> None:
        """Make keys and secrets ready once, when the channel is opened."""
        own = self.settings
        object.__setattr__(self, "configured_keys", configured_keys_of(own.public_keys))
        secrets = {name: plain_text(secret).encode() for name, secret in own.tenants.items()}
        object.__setattr__(self, "tenants", secrets)

    def takes_address(self, _rest: str) -> bool:
        """Say that the descriptor's paths go on behind the channel's name: the path is part of what is signed."""
        return True

    def claimed_key(self, request: InboundRequest) -> str | None:
        """Return the kid of a lifecycle callback's token; of a webhook whose tenant is not in settings, the tenant."""
        if _is_lifecycle(request):
            return super().claimed_key(request)
        tenant = _tenant(token_of(request))
        return None if tenant in self.tenants else tenant_claim(tenant)

    def key_name(self, request: InboundRequest) -> str:
        """Return the kid of a token."""
        return named_key(token_of(request), ALGORITHM)

    def key_text(self, claim: str, http: HttpClient) -> str | None:
        """Fetch a key by its kid."""
        return fetched_file(http.request("GET", f"{self.settings.keys_base}/{claim}"), self.key_owner)

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove a webhook with its tenant's secret, a lifecycle callback with a configured key."""
        if _is_lifecycle(request):
            return super().verify(request, now)
        secret = self.tenants.get(_tenant(token_of(request)))
        if secret is None:
            raise VerificationError("unknown_tenant", "The token is of a tenant that is not in tenants.")
        return self._verify_webhook(request, now, secret)

    def _verify_webhook(self, request: InboundRequest, now: datetime, secret: bytes) -> Verified:
        claims = claims_by_secret(token_of(request), secret)
        self._check(claims, request, now)
        return Verified("jwt-tenant", context=Signer(str(claims.get("iss"))))

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove a webhook with its tenant's kept secret, or a lifecycle callback: Atlassian's signature, about the tenant in the body."""
        if not _is_lifecycle(request):
            return self._verify_webhook(request, now, key)
        # The algorithm is judged first: a kept secret is no public key and must not be read as one.
        self.key_name(request)
        claims = proven_claims(token_of(request), [load_der_public_key(key)], ALGORITHM)
        self._check(claims, request, now)
        audience = claims.get("aud")
        listed = audience if isinstance(audience, list) else [audience]
        if not any(isinstance(each, str) and same_secret(each.rstrip("/"), self._base) for each in listed):
            raise VerificationError("wrong_audience", "The token's aud does not name base_url.")
        body = _body_or_nothing(request.body)
        tenant, told = claims.get("iss"), body.get("clientKey")
        if not isinstance(tenant, str) or not isinstance(told, str) or not same_secret(told, tenant):
            raise VerificationError("wrong_tenant", "The body's clientKey is not who the token is about.")
        signer = Signer(tenant, moment_or_none(signed_second(claims, "iat") * 1000))
        return Verified(BY_ATLASSIAN, context=signer, requirements=self._requirements(body))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: webhookEvent, or the eventType of a lifecycle callback."""
        try:
            body = parse_json_exactly(request.body)
        except ValueError as error:
            raise unreadable_json(error) from error
        is_lifecycle = verified.scheme == BY_ATLASSIAN
        kind = body.get("eventType") if is_lifecycle else body.get("webhookEvent", body.get("eventType"))
        if not isinstance(kind, str) or not TYPE.fullmatch(kind):
            raise PayloadError("bad_type", message="webhookEvent or eventType must be a word.")
        if kind in LIFECYCLE and not is_lifecycle:
            raise PayloadError("not_a_webhook", message="A webhook cannot call itself a lifecycle callback.")
        tenant, signed_at = verified.context
        key = _key(request, body, tenant=tenant, kind=kind)
        occurred_at = signed_at if is_lifecycle else moment_or_none(body.get("timestamp"))
        return ParsedEvent(kind, key, body, tenant[:255], occurred_at)

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer in the unified wording; Jira looks at the status alone."""
        return default_acknowledgement(outcome)

    def credential_places(self, data: JSON | None) -> CredentialPlaces:
        """Return where `installed` carries the tenant's secret."""
        if data is None or "sharedSecret" in data:
            return PLACES
        return CredentialPlaces()

    @property
    def _base(self) -> str:
        return self.settings.base_url.rstrip("/")

    def _check(self, claims: Mapping[str, Any], request: InboundRequest, now: datetime) -> None:
        qsh = query_string_hash(request, self._base)
        check_claims(claims, qsh=qsh, now=now.timestamp(), leeway=self.settings.leeway_s)

    def _requirements(self, body: Mapping[str, Any]) -> tuple[Requirement, ...]:
        own = self.settings
        if not own.app_key:
            return ()
        key = body.get("key")
        return (Requirement("key", key if isinstance(key, str) else None, "app_key", (own.app_key,)),)


def _tenant(token: bytes) -> str:
    """Return which tenant a webhook's token says it is of, unproven; raises VerificationError."""
    tenant = unproven_claims(token).get("iss")
    if not isinstance(tenant, str) or not is_tenant_key(tenant):
        raise VerificationError("unknown_tenant", "The token's iss is no clientKey of a tenant.")
    return tenant


def _body_or_nothing(body: bytes) -> Mapping[str, Any]:
    try:
        return parse_json_exactly(body)
    except ValueError:
        return {}


def _is_lifecycle(request: InboundRequest) -> bool:
    """Say by the body which signature is demanded; the token's own word for its algorithm decides nothing."""
    kind = _body_or_nothing(request.body).get("eventType")
    return isinstance(kind, str) and kind in LIFECYCLE


def _key(request: InboundRequest, body: Mapping[str, Any], *, tenant: str, kind: str) -> str:
    identifier = request.header(IDENTIFIER)
    if identifier and KEY_WORD.fullmatch(identifier):
        return identifier
    moment = body.get("timestamp")
    parts = [tenant, kind, *([str(moment)] if isinstance(moment, int) else [])]
    return ":".join([*parts, sha256_hex(request.body)[:DIGEST_LETTERS]])
