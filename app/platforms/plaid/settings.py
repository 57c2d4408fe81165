"""The keys that a Plaid channel takes."""

from __future__ import annotations

from pydantic import Field, SecretStr

from app.config.platform_settings import BaseAddress, PlatformSettings, plain_text
from app.wire.named_keys import NamedKeyTexts


class PlaidSettings(PlatformSettings):
    """One client of Plaid; its keys are asked for with client_id and secret."""

    client_id: str = Field("", description="client_id, from the Dashboard → Developers → Keys.")
    secret: SecretStr = Field(
        SecretStr(""), description="Secret of the same environment (sandbox or production)."
    )
    tolerance_s: int = Field(300, ge=1, le=3600, description="Seconds that a token may be old.")
    api_base: BaseAddress = Field(
        "https://production.plaid.com",
        description="Address of the interface; https://sandbox.plaid.com for Plaid's own sandbox.",
    )
    public_keys: NamedKeyTexts = Field(
        {}, description='Keys by their key_id, instead of asking for them: { "…" = "PEM" }.'
    )

    def missing_signature_secret(self) -> str | None:
        """Name what is needed to ask for keys, unless they are here."""
        if self.public_keys:
            return None
        if not self.client_id:
            return "client_id"
        return None if plain_text(self.secret) else "secret"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which others may still do."""
        return super().may_be_empty() | {"client_id", "public_keys"}
