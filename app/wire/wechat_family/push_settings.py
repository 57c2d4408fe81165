"""The keys that message pushes of WeChat's accounts need; the mode is written here and never read from a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from app.config.platform_settings import PlatformSettings
from app.wire.wechat_family.callback_keys import CallbackTokens, EncodingAesKeys

Mode = Literal["plain", "compatible", "safe"]
PLAIN_MAX_AGE = 300


class PushSettings(PlatformSettings):
    """What one account's message push page says (消息推送)."""

    token: CallbackTokens = Field(
        (),
        description="The Token of the message push page; empty only with allow_unsigned, while moving over.",
    )
    encoding_aes_key: EncodingAesKeys = Field(
        (),
        description="The EncodingAESKey of the message push page; as a list: the current one, then the previous.",
    )
    mode: Mode | None = Field(
        None,
        description="plain, compatible or safe, as in the console; safe when an encoding_aes_key is set.",
    )
    max_age: int | None = Field(
        None,
        ge=0,
        le=86_400,
        description="Seconds a callback's timestamp may be off; 0 accepts any age. In mode plain 300 unless set, because "
        "only that keeps an old address from being used again.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.encrypted and self.allow_unsigned and (missing := self.missing_signature_secret()):
            raise ValueError(
                f"{missing} is missing; allow_unsigned covers only mode plain, encrypted callbacks are signed"
            )
        return self

    @property
    def callback_mode(self) -> Mode:
        """The mode in force; a key that is written and empty was meant, so it does not make the mode plain."""
        return self.mode or ("safe" if "encoding_aes_key" in self.model_fields_set else "plain")

    @property
    def oldest(self) -> int:
        """The seconds in force, 0 for any age; an encrypted body is proven by itself and repeats are found by its key."""
        if self.max_age is not None:
            return self.max_age
        return 0 if self.encrypted else PLAIN_MAX_AGE

    @property
    def encrypted(self) -> bool:
        """Whether only encrypted callbacks are accepted; compatible bodies carry unsigned fields nobody may read."""
        return self.callback_mode != "plain"

    def missing_signature_secret(self) -> str | None:
        """Name the key without which callbacks can't be proven, or (encoding_aes_key) can't be opened in their mode."""
        if not self.token:
            return "token"
        return "encoding_aes_key" if self.encrypted and not self.encoding_aes_key else None


class SealedPushSettings(PlatformSettings):
    """Channels that get nothing but signed and encrypted callbacks: WeCom's, and those of third-party platforms.

    Each has the keys `token` and `encoding_aes_key`, with its own words for where they stand.
    """

    if TYPE_CHECKING:
        token: CallbackTokens
        encoding_aes_key: EncodingAesKeys

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
