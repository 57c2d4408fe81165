"""The keys with which a Telegram bot sends; those of its callbacks come from the description."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import BaseAddress, PlatformSettings

BOT_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{10,100}")


class TelegramSettings(PlatformSettings):
    """One bot."""

    bot_token: SecretStr = Field(
        SecretStr(""), description="The token that BotFather gave; it sends messages."
    )
    chat_id: str = Field(
        "", max_length=100, description="Chat or @channel for messages that name nobody; empty: they must."
    )
    api_base: BaseAddress = Field(
        "https://api.telegram.org",
        description="The API's address; another one where only a relay reaches it.",
    )

    @field_validator("bot_token")
    @classmethod
    def _token_has_its_form(cls, token: SecretStr) -> SecretStr:
        # It becomes part of an address.
        if (text := token.get_secret_value()) and not BOT_TOKEN.fullmatch(text):
            raise ValueError("must be written as BotFather shows it: digits, a colon, letters")
        return token

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which the rest works."""
        return super().may_be_empty() | {"chat_id"}
