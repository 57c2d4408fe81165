"""The keys of one `[channels.X]` table with platform = "acme"."""

from __future__ import annotations

from pydantic import Field, SecretStr

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets


class AcmeSettings(PlatformSettings):
    """One account at Acme."""

    secret: Secrets = Field((), description="Signing secret; a list during rotation.")
    client_id: str = Field(min_length=1, description="The application's id.")
    client_secret: SecretStr = Field(description="The application's secret.")
    api_base: BaseAddress = Field("https://api.acme.example", description="Where Acme's API is.")

    def missing_signature_secret(self) -> str | None:
        """Name the key whose absence leaves callbacks unproven."""
        return None if self.secret else "secret"
