"""The keys that an eBay channel takes."""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import BaseAddress, PlatformSettings, plain_text
from app.wire.named_keys import NamedKeyTexts

TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32,80}")


class EbaySettings(PlatformSettings):
    """One destination; public keys are asked for with an application token of the keyset."""

    verification_token: SecretStr = Field(
        SecretStr(""),
        description="Verification token that you chose for the endpoint: 32 to 80 letters, digits, _ and -.",
    )
    endpoint: str = Field(
        min_length=1,
        max_length=1000,
        description="The endpoint's address exactly as eBay has it; it is part of the challenge's answer.",
    )
    client_id: str = Field("", description="App ID (Client ID) of the keyset.")
    client_secret: SecretStr = Field(SecretStr(""), description="Cert ID (Client Secret) of the keyset.")
    api_base: BaseAddress = Field(
        "https://api.ebay.com",
        description="Address of the interface; https://api.sandbox.ebay.com for eBay's own sandbox.",
    )
    public_keys: NamedKeyTexts = Field(
        {}, description='Public keys by their kid, instead of asking for them: { "…" = "PEM" }.'
    )

    @field_validator("verification_token")
    @classmethod
    def _token_has_its_form(cls, token: SecretStr) -> SecretStr:
        if plain_text(token) and not TOKEN.fullmatch(plain_text(token)):
            raise ValueError("it must have 32 to 80 letters, digits, _ and -")
        return token

    @property
    def can_ask(self) -> bool:
        """Whether an application token can be had."""
        return bool(self.client_id and plain_text(self.client_secret))

    def missing_signature_secret(self) -> str | None:
        """Name the token without which no endpoint is taken on; what asks for keys is advised about."""
        return None if plain_text(self.verification_token) else "verification_token"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which others may still do."""
        return super().may_be_empty() | {"client_id", "public_keys"}
