"""Standard Webhooks (https://www.standardwebhooks.com, specification read 2026-11-20), and Svix, who send the same.

Svix names its headers `svix-…`. A request is judged by one complete set of headers; the two are never mixed.
Only symmetric v1 signatures are taken; others (v1a) beside them are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import Field, field_validator

from app.config.platform_settings import PlatformSettings, Secrets, plain
from app.core.errors import PayloadError, unreadable_json
from app.core.moments import moment_or_none
from app.core.ports import PlatformSpec
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
from app.security.signatures import wire_bytes
from app.security.strict_json import parse_json_object
from app.wire.standard_webhooks import standard_webhook_key, verify_standard_webhook
from app.wire.wrapped_bodies import sent_body

HEADER_PREFIXES = ("webhook", "svix")
MAX_TYPE = 255


class StandardWebhooksSettings(PlatformSettings):
    """The keys of a `standard-webhooks` channel."""

    secret: Secrets = Field(
        (), description="whsec_ and Base64, as the sender's page shows it; the prefix may be missing."
    )

    @field_validator("secret")
    @classmethod
    def _secrets_decode(cls, secret: Secrets) -> Secrets:
        for key in plain(secret):
            _key(key)
        return secret

    def missing_signature_secret(self) -> str | None:
        """Name `secret` when there is none."""
        return None if self.secret else "secret"


def _key(secret: bytes) -> bytes:
    try:
        key = standard_webhook_key(secret)
    except ValueError:
        key = b""
    if not key:
        raise ValueError("a Standard Webhooks secret is whsec_ followed by Base64")
    return key


@dataclass(frozen=True, repr=False)
class StandardWebhooksSender:
    """One sender: the settings of its channel and the keys made ready from them."""

    settings: StandardWebhooksSettings
    keys: tuple[bytes, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Decode the keys once, when the channel is opened."""
        object.__setattr__(self, "keys", tuple(_key(secret) for secret in plain(self.settings.secret)))

    @property
    def is_open(self) -> bool:
        """Whether the operator wrote that nothing is proven."""
        return self.settings.allow_unsigned and not self.keys


class StandardWebhooksCallbacks(StandardWebhooksSender):
    """Takes callbacks; satisfies app.core.ports.WebhookSource."""

    answer_within: float | None = None
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)

    @property
    def signature_covers(self) -> Coverage:
        """Say what an accepted request is proven for."""
        return Coverage.NONE if self.is_open else Coverage.BODY

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Check `id.timestamp.body`; what `context` holds is the id that was signed."""
        identifier, timestamp, signatures = _headers(request)
        if not self.is_open:
            verify_standard_webhook(
                identifier=identifier,
                timestamp=timestamp,
                signatures=signatures,
                body=request.body,
                keys=self.keys,
                now=now.timestamp(),
            )
        return Verified("unsigned" if self.is_open else "standard-webhooks", context=identifier)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Read `type`, `timestamp` and `data`; the key is the signed id. An odd timestamp is no reason to refuse."""
        try:
            body = parse_json_object(sent_body(request))
        except ValueError as error:
            raise unreadable_json(error) from error
        kind = body.get("type")
        if not isinstance(kind, str) or not 0 < len(kind) <= MAX_TYPE or not kind.isprintable():
            raise PayloadError(
                "bad_type", message=f"type must be printable text of 1 to {MAX_TYPE} characters."
            )
        identifier = verified.context
        key = wire_bytes(identifier).decode("utf-8", "replace") if identifier else None
        return ParsedEvent(
            kind, key, body, subject_of(body.get("data")), moment_or_none(body.get("timestamp"))
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer in the unified wording; senders look at the status only."""
        return default_acknowledgement(outcome)


def _headers(request: InboundRequest) -> tuple[str | None, str | None, str | None]:
    """Return id, timestamp and signatures of the first complete set, nothing when there is none."""
    for prefix in HEADER_PREFIXES:
        identifier, timestamp, signatures = (
            request.header(f"{prefix}-{name}") for name in ("id", "timestamp", "signature")
        )
        if identifier and timestamp and signatures:
            return identifier, timestamp, signatures
    return None, None, None


PLATFORM = PlatformSpec(
    slug="standard-webhooks",
    display_name="Standard Webhooks",
    docs_url="https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    settings=StandardWebhooksSettings,
    open=lambda _, settings: StandardWebhooksCallbacks(settings),
)
