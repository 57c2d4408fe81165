"""The keys that a channel of China Merchants Bank takes; each key is read at the start, so that a wrong one is told there."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import PlatformSettings, Texts, plain_text
from app.wire.sm2 import read_private_key, read_public_key


class CmbpaySettings(PlatformSettings):
    """One merchant number (商户号)."""

    mer_id: str = Field(
        min_length=1, description="Merchant number (merId); notices for another one are refused."
    )
    cmb_public_key_spki_base64: Texts = Field(
        (), description="The bank's SM2 public key in Base64, as its page shows it; a list while it changes."
    )
    merchant_private_key_hex: SecretStr = Field(
        SecretStr(""), description="The merchant's own SM2 private key (64 hex digits); it signs the answers."
    )

    @field_validator("cmb_public_key_spki_base64")
    @classmethod
    def _public_keys_can_be_read(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            try:
                read_public_key(text)
            except ValueError as error:
                raise ValueError("it must be an SM2 public key in Base64") from error
        return texts

    @field_validator("merchant_private_key_hex")
    @classmethod
    def _private_key_can_be_read(cls, key: SecretStr) -> SecretStr:
        if plain_text(key):
            try:
                read_private_key(plain_text(key))
            except ValueError as error:
                raise ValueError("it must be an SM2 private key of 64 hex digits") from error
        return key

    def missing_signature_secret(self) -> str | None:
        """Name what proves a notice, then what signs the answer: without it every notice comes again."""
        if not self.cmb_public_key_spki_base64:
            return "cmb_public_key_spki_base64"
        return None if plain_text(self.merchant_private_key_hex) else "merchant_private_key_hex"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which only callbacks are off."""
        return super().may_be_empty() | {"cmb_public_key_spki_base64"}
