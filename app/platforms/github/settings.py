"""The keys that a GitHub channel takes.

Sources (read 2026-11-20): docs.github.com, "Validating webhook deliveries" and "Authorizing OAuth apps".
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets
from app.wire.hosted_people import missing_client


class GitHubSettings(PlatformSettings):
    """One webhook secret, one OAuth app, or both."""

    secret: Secrets = Field((), description="Secret of the webhook, as it was typed into its page at GitHub.")
    client_id: str = Field("", description="Client ID of the OAuth app or GitHub App, for login.")
    client_secret: SecretStr = Field(
        SecretStr(""), description="Client secret of the same app; without it nobody is logged in."
    )
    scope: str = Field(
        "",
        description="Scopes asked for at login, separated by blanks. None are needed to know who somebody is.",
    )
    web_base: BaseAddress = Field(
        "https://github.com", description="Address of GitHub, or of an Enterprise Server: https://HOST."
    )
    api_base: BaseAddress = Field(
        "https://api.github.com",
        description="Address of its API; of an Enterprise Server https://HOST/api/v3.",
    )

    def missing_signature_secret(self) -> str | None:
        """Name `secret`: a webhook without one is not signed."""
        return None if self.secret else "secret"

    def missing_login_secret(self) -> str | None:
        """Name what the login lacks."""
        return missing_client(self)

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that only one capability needs."""
        return super().may_be_empty() | {"client_id", "scope"}
