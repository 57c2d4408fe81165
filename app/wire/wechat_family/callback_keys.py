"""The settings that prove callbacks of the WeChat family, and the keyring made of them; what a platform does with it is not here."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, SecretStr

from app.config.platform_settings import Secrets, plain
from app.wire.wechat_family.crypto import WechatKeyring, decode_aes_key


def _usable_tokens(tokens: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if any(char.isspace() for token in tokens for char in token.get_secret_value()):
        raise ValueError("must be the Token of the platform's console, without blanks")
    return tokens


def _usable_aes_keys(keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    for key in keys:
        try:
            decode_aes_key(key.get_secret_value())
        except ValueError:
            raise ValueError(
                "must be the EncodingAESKey of the platform's console: exactly 43 characters, letters and digits"
            ) from None
    return keys


CallbackTokens = Annotated[Secrets, AfterValidator(_usable_tokens)]
EncodingAesKeys = Annotated[Secrets, AfterValidator(_usable_aes_keys)]


def keyring_of(
    tokens: tuple[SecretStr, ...], aes_keys: tuple[SecretStr, ...], receive_id: str
) -> WechatKeyring:
    """Decode the keys once, when a channel is opened; `receive_id` is the app id or corp id that envelopes name."""
    return WechatKeyring(
        tokens=plain(tokens),
        aes_keys=tuple(decode_aes_key(key.get_secret_value()) for key in aes_keys),
        receive_id=receive_id.encode(),
    )
