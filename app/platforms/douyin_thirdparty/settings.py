"""The keys that a channel of the Douyin third-party platform takes."""

from __future__ import annotations

from pydantic import Field, field_validator

from app.config.platform_settings import PlatformSettings, Secrets, plain
from app.platforms.douyin_thirdparty.envelope import key_of


class DouyinThirdpartySettings(PlatformSettings):
    """One third-party application (tt…)."""

    tp_app_id: str = Field(
        min_length=1,
        description="App ID of the third-party application; messages sealed for another one are refused.",
    )
    token: Secrets = Field(
        (), description="消息验证 Token, as entered in the console; a list while it changes."
    )
    encoding_aes_key: Secrets = Field(
        (), description="消息加解密 Key (43 characters), as entered in the console; a list while it changes."
    )

    @field_validator("encoding_aes_key")
    @classmethod
    def _keys_can_be_read(cls, keys: Secrets) -> Secrets:
        for key in plain(keys):
            key_of(key)
        return keys

    def missing_signature_secret(self) -> str | None:
        """Name what is needed to prove a message, then what opens it."""
        if not self.token:
            return "token"
        return None if self.encoding_aes_key else "encoding_aes_key"
