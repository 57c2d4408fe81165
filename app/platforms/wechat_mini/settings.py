"""The keys of a channel with platform = "wechat-mini": one Mini Program (小程序)."""

from __future__ import annotations

from pydantic import Field, SecretStr

from app.config.platform_settings import BaseAddress
from app.wire.wechat_family.push_settings import PushSettings
from app.wire.wechat_family.template_settings import TemplateSettings


class WechatMiniSettings(TemplateSettings, PushSettings):
    """What one Mini Program needs, beside the keys of its message push."""

    app_id: str = Field(min_length=1, description="The Mini Program's AppID.")
    app_secret: SecretStr = Field(
        SecretStr(""),
        description="The Mini Program's AppSecret; without it the channel takes callbacks but neither logs in nor sends.",
    )
    api_base: BaseAddress = Field(
        "https://api.weixin.qq.com", description="Only to override: the API's address."
    )

    def missing_login_secret(self) -> str | None:
        """Name the AppSecret."""
        return None if self.app_secret.get_secret_value() else "app_secret"
