"""The keys of a channel with platform = "wecom-aibot": one AI bot (企业微信智能机器人)."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from app.config.platform_settings import PlatformSettings
from app.wire.wechat_family.callback_keys import CallbackTokens, EncodingAesKeys


class AibotSettings(PlatformSettings):
    """What one bot needs; all of its callbacks are encrypted."""

    aibotid: str = Field(
        min_length=1, max_length=128, description="The bot's id, which every message names as aibotid."
    )
    token: CallbackTokens = Field((), description="The Token of the bot's API settings (API设置).")
    encoding_aes_key: EncodingAesKeys = Field(
        (),
        description="The EncodingAESKey of the same page; as a list: the current one, then the previous.",
    )
    receive_id: str = Field(
        "",
        max_length=64,
        description="Whom callbacks are encrypted for (ReceiveId); empty, as it is for a bot of one's own company.",
    )
    max_age: int = Field(
        0,
        ge=0,
        le=86_400,
        description="Seconds a callback's timestamp may be off; 0 accepts any age, repeats are found by their key.",
    )

    @model_validator(mode="after")
    def _is_always_signed(self) -> Self:
        if self.allow_unsigned:
            raise ValueError(
                "allow_unsigned must be left out: this platform signs and encrypts every callback, set token and encoding_aes_key"
            )
        return self

    def missing_signature_secret(self) -> str | None:
        """Name the key without which callbacks can't be proven or opened."""
        if not self.token:
            return "token"
        return None if self.encoding_aes_key else "encoding_aes_key"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that belong to one capability, and the receiver, which a company's own bot has none of."""
        return super().may_be_empty() | {"receive_id"}
