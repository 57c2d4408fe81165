"""The key with which a Discord channel sends; those of its callbacks come from the description."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import PlatformSettings
from app.config.setting_kinds import http_address


class DiscordSettings(PlatformSettings):
    """One webhook of one channel."""

    robot_hook: SecretStr = Field(SecretStr(""), description="Address of the channel's webhook, a secret.")

    @field_validator("robot_hook")
    @classmethod
    def _hook_is_an_address(cls, hook: SecretStr) -> SecretStr:
        if text := hook.get_secret_value():
            http_address(text)
        return hook
