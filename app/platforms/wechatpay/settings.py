"""The keys that a WeChat Pay channel takes; each text that holds a key is read at the start, so that a wrong one is told there.

Sources (read 2026-11-20): pay.weixin.qq.com, wxp-pub-key-guide and update-pub-key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import (
    BaseAddress,
    FilledTexts,
    PlatformSettings,
    Secrets,
    Texts,
    plain,
    plain_text,
)
from app.platforms.wechatpay.keys import (
    is_public_key_id,
    platform_certificates,
    serial_name,
)
from app.wire.public_keys import read_private_rsa_key, read_rsa_key

API_V3_KEY_BYTES: Final = 32


class WechatpaySettings(PlatformSettings):
    """One merchant number (商户号), interface version 3."""

    mch_id: str = Field(
        min_length=1, description="Merchant number (商户号); notifications for another one are refused."
    )
    app_id: Texts = Field(
        (),
        description="App ID, or a list of them: what a notification may name. Empty: any of the merchant's.",
    )
    api_v3_key: Secrets = Field(
        (), description="APIv3 key (32 characters), from 账户中心 → API安全; a list while it is exchanged."
    )
    public_keys: FilledTexts = Field(
        {}, description='WeChat Pay public keys by their id: { PUB_KEY_ID_… = "PEM or Base64" }.'
    )
    certificates: Texts = Field(
        (),
        repr=False,
        description="Platform certificates (平台证书) in PEM or Base64, for merchants that have some.",
    )
    merchant_serial: str = Field(
        "",
        description="Serial number of the merchant's own API certificate; with merchant_private_key platform "
        "certificates are downloaded, and renewed while the gateway runs.",
    )
    merchant_private_key: SecretStr = Field(
        SecretStr(""), description="Private key of that certificate (apiclient_key.pem), in PEM or Base64."
    )
    api_base: BaseAddress = Field(
        "https://api.mch.weixin.qq.com", description="Address of the interface; only to override it."
    )

    @field_validator("api_v3_key")
    @classmethod
    def _keys_have_their_length(cls, keys: Secrets) -> Secrets:
        if any(len(key) != API_V3_KEY_BYTES for key in plain(keys)):
            raise ValueError(f"an APIv3 key has exactly {API_V3_KEY_BYTES} letters and digits")
        return keys

    @field_validator("public_keys")
    @classmethod
    def _public_keys_can_be_read(cls, keys: Mapping[str, str]) -> Mapping[str, str]:
        for name, text in keys.items():
            if not is_public_key_id(name):
                raise ValueError(
                    "the id of a public key is PUB_KEY_ID_ and digits, as the merchant platform shows it"
                )
            _explained(read_rsa_key, text, "a public key")
        return keys

    @field_validator("certificates")
    @classmethod
    def _certificates_can_be_read(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            _explained(platform_certificates, text, "a platform certificate")
        return texts

    @field_validator("merchant_serial")
    @classmethod
    def _serial_is_one(cls, serial: str) -> str:
        if serial and serial_name(serial) is None:
            raise ValueError("a serial number has hexadecimal digits only")
        return serial

    @field_validator("merchant_private_key")
    @classmethod
    def _private_key_can_be_read(cls, key: SecretStr) -> SecretStr:
        if plain_text(key):
            _explained(read_private_rsa_key, plain_text(key), "merchant_private_key")
        return key

    @property
    def can_download(self) -> bool:
        """Whether platform certificates can be fetched."""
        return bool(self.merchant_serial and plain_text(self.merchant_private_key) and self.api_v3_key)

    def missing_signature_secret(self) -> str | None:
        """Name what is needed to open notifications, then what is needed to prove them."""
        if not self.api_v3_key:
            return "api_v3_key"
        if self.public_keys or self.certificates or self.can_download:
            return None
        if self.merchant_serial or plain_text(self.merchant_private_key):
            return "merchant_private_key" if self.merchant_serial else "merchant_serial"
        return "public_keys"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which others may still do: one of three ways to know WeChat Pay's key is enough."""
        return super().may_be_empty() | {"public_keys", "certificates", "merchant_serial", "app_id"}


def _explained(read: Any, text: str, name: str) -> None:
    """Read a key; raises ValueError with a sentence that holds nothing of it."""
    try:
        read(text)
    except ValueError as error:
        raise ValueError(
            f"{name} cannot be read: it must be PEM or its Base64, RSA with 2048 bits"
        ) from error
