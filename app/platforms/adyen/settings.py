"""The keys that an Adyen channel takes."""

from __future__ import annotations

from typing import Final

from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import PlatformSettings, Secrets, Texts, plain, plain_text

KEY_BYTES: Final = 32


class AdyenSettings(PlatformSettings):
    """One webhook of a company or merchant account."""

    hmac_key_hex: Secrets = Field(
        (),
        description="HMAC key, 64 hexadecimal digits as the Customer Area shows them once; a list while it is exchanged.",
    )
    merchant_accounts: Texts = Field(
        (),
        description="Merchant account, or a list of them, that an item may name. Empty: any that the key signs for.",
    )
    username: str = Field("", description="User name of Basic authentication, where the webhook has one.")
    password: SecretStr = Field(SecretStr(""), description="Password of Basic authentication.")

    @field_validator("hmac_key_hex")
    @classmethod
    def _keys_are_hexadecimal(cls, keys: Secrets) -> Secrets:
        if any(hex_key(key) is None for key in plain(keys)):
            raise ValueError(f"it must be {KEY_BYTES * 2} hexadecimal digits")
        return keys

    def missing_signature_secret(self) -> str | None:
        """Name the key without which nothing is proven, or the other half of Basic authentication."""
        if not self.hmac_key_hex:
            return "hmac_key_hex"
        if bool(self.username) != bool(plain_text(self.password)):
            return "password" if self.username else "username"
        return None

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which the rest works."""
        return super().may_be_empty() | {"merchant_accounts", "username"}


def hex_key(text: bytes) -> bytes | None:
    """Return the key behind its digits, None where they are none."""
    if len(text) != KEY_BYTES * 2 or not text.isalnum():
        return None
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return None
