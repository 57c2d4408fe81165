"""The keys with which a QQ bot sends; `app_id` and `secret` are those of its callbacks too."""

from __future__ import annotations

from pydantic import Field

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets


class QqBotSettings(PlatformSettings):
    """What one bot sends with."""

    app_id: str = Field("", description="The bot's AppID (BotAppID).")
    secret: Secrets = Field(
        (),
        description="The bot's AppSecret; it proves callbacks and fetches the token. A list while it changes.",
    )
    api_base: BaseAddress = Field(
        "https://api.sgroup.qq.com",
        description="Address of the API; https://sandbox.api.sgroup.qq.com while the bot is not released.",
    )
    token_base: BaseAddress = Field(
        "https://bots.qq.com", description="Only to override: where the bot's token comes from."
    )
