"""The keys that an Alertmanager channel takes."""

from __future__ import annotations

from pydantic import Field

from app.config.platform_settings import PlatformSettings, Secrets


class AlertmanagerSettings(PlatformSettings):
    """One webhook receiver."""

    token: Secrets = Field(
        (),
        description="What the receiver's http_config sends: authorization.credentials, or basic_auth.password.",
    )
    username: str = Field("", description="User name of basic_auth; empty: any.")

    def missing_signature_secret(self) -> str | None:
        """Name `token` when there is none."""
        return None if self.token else "token"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which the rest works."""
        return super().may_be_empty() | {"username"}
