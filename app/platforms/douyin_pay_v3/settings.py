"""The keys that a Douyin Pay channel takes; each certificate is read at the start, so that a wrong one is told there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cryptography.x509 import Certificate
from pydantic import Field, field_validator, model_validator

from app.config.platform_settings import FilledTexts, PlatformSettings, Secrets, plain, renamed
from app.wire.certificates import read_certificates, rsa_key_of

ENCRYPT_KEY_BYTES: Final = 32


def platform_certificate(text: str) -> Certificate:
    """Return the certificate of a setting; raises ValueError for one that Douyin Pay would not use."""
    (certificate,) = read_certificates(text)
    rsa_key_of(certificate)
    return certificate


class DouyinPaySettings(PlatformSettings):
    """One merchant number (商户号), interface version 3."""

    mch_id: str = Field(
        min_length=1, description="Merchant number (mchid); notices for another one are refused."
    )
    encrypt_key: Secrets = Field(
        (),
        description="Key that opens the resource of a notice (32 characters); a list while it is exchanged.",
    )
    platform_certs: FilledTexts = Field(
        {},
        repr=False,
        description='Platform certificates by their serial number: { 5D5B… = "PEM or Base64" }; old and new while they change.',
    )
    tolerance_s: int = Field(
        300, ge=1, le=86_400, description="Seconds by which the signed time may differ from ours."
    )

    @model_validator(mode="before")
    @classmethod
    def _takes_the_name_of_the_field(cls, values: Any) -> Any:
        return renamed(values, {"mchid": "mch_id"})

    @field_validator("encrypt_key")
    @classmethod
    def _keys_have_their_length(cls, keys: Secrets) -> Secrets:
        if any(len(key) != ENCRYPT_KEY_BYTES for key in plain(keys)):
            raise ValueError(f"it has exactly {ENCRYPT_KEY_BYTES} characters")
        return keys

    @field_validator("platform_certs")
    @classmethod
    def _certificates_can_be_read(cls, texts: Mapping[str, str]) -> Mapping[str, str]:
        for text in texts.values():
            try:
                platform_certificate(text)
            except ValueError as error:
                raise ValueError("each must be a certificate in PEM or Base64, RSA with 2048 bits") from error
        return texts

    def missing_signature_secret(self) -> str | None:
        """Name what proves a notice, then what opens it."""
        if not self.platform_certs:
            return "platform_certs"
        return None if self.encrypt_key else "encrypt_key"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which only callbacks are off."""
        return super().may_be_empty() | {"platform_certs"}
