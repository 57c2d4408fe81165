"""The keys that a GitLab channel takes, and which of the two proofs its secret is for.

Sources (read 2026-11-28): docs.gitlab.com, "Webhooks" (secret token); gitlab-org/gitlab merge requests 230944 and 231325 (signing token:
`whsec_` and the Base64 of 32 bytes); docs.gitlab.com, "OAuth 2.0 identity provider API".
"""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets, plain
from app.wire.hosted_people import missing_client
from app.wire.standard_webhooks import standard_webhook_key

SIGNING_PREFIX = b"whsec_"
SHORTEST_KEY = 24
"""Bytes; Standard Webhooks allows 24 to 64, GitLab makes 32."""

OPENID = "openid"


class GitLabSettings(PlatformSettings):
    """One webhook, one application, or both."""

    secret: Secrets = Field(
        (),
        description="Signing token of the webhook (whsec_…, GitLab 19.0 and newer) or its secret token; a list holds one kind only.",
    )
    client_id: str = Field("", description="Application ID, for login.")
    client_secret: SecretStr = Field(
        SecretStr(""), description="Secret of the same application; without it nobody is logged in."
    )
    scope: str = Field(
        "openid profile",
        min_length=1,
        description="Scopes asked for at login, separated by blanks; without openid it must be read_user.",
    )
    base_url: BaseAddress = Field(
        "https://gitlab.com",
        description="Address of GitLab; of a self-managed server exactly its external_url.",
    )

    @property
    def signs(self) -> bool:
        """Whether the webhook signs its requests; the kind of secret says so, never a request."""
        return any(secret.startswith(SIGNING_PREFIX) for secret in plain(self.secret))

    @property
    def is_openid(self) -> bool:
        """Whether each login must come with an ID token."""
        return OPENID in self.scope.split()

    @field_validator("secret")
    @classmethod
    def _one_kind_of_secret(cls, secret: Secrets) -> Secrets:
        signing = [each for each in plain(secret) if each.startswith(SIGNING_PREFIX)]
        if signing and len(signing) != len(secret):
            # A secret token beside a signing token would be a way around the signature.
            raise ValueError(
                "must not mix signing tokens (whsec_…) with secret tokens; a webhook that signs is proven by its signature alone"
            )
        for each in signing:
            _key(each)
        return secret

    def missing_signature_secret(self) -> str | None:
        """Name `secret`: a webhook without one proves nothing."""
        return None if self.secret else "secret"

    def missing_login_secret(self) -> str | None:
        """Name what the login lacks."""
        return missing_client(self)

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that only one capability needs."""
        return super().may_be_empty() | {"client_id"}

    def signing_keys(self) -> tuple[bytes, ...]:
        """Return the keys that signatures are made with, none where a secret token is the proof."""
        return tuple(_key(secret) for secret in plain(self.secret)) if self.signs else ()


def _key(secret: bytes) -> bytes:
    try:
        key = standard_webhook_key(secret)
    except ValueError:
        key = b""
    if len(key) < SHORTEST_KEY:
        raise ValueError(
            "is not a whole signing token: whsec_ and Base64 of 32 bytes, as GitLab shows it once when it is made"
        )
    return key
