"""The keys with which a Slack channel sends; those of its callbacks come from the description."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import BaseAddress, PlatformSettings
from app.config.setting_kinds import http_address


class SlackSettings(PlatformSettings):
    """What one app in one workspace sends with."""

    robot_hook: SecretStr = Field(
        SecretStr(""),
        description="Address of an incoming webhook, a secret; for messages to its one channel.",
    )
    bot_token: SecretStr = Field(
        SecretStr(""), description="Bot User OAuth Token (xoxb-…); for messages to any channel and person."
    )
    api_base: BaseAddress = Field("https://slack.com/api", description="Only to override: the API's address.")

    @field_validator("robot_hook")
    @classmethod
    def _hook_is_an_address(cls, hook: SecretStr) -> SecretStr:
        if text := hook.get_secret_value():
            http_address(text)
        return hook
