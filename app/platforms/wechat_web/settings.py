"""The keys of a channel with platform = "wechat-web": one website application of the WeChat Open Platform."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from app.config.platform_settings import BaseAddress, PlatformSettings


class WechatWebSettings(PlatformSettings):
    """What one website application needs."""

    app_id: str = Field(
        min_length=1, description="The website application's AppID, not that of an Official Account."
    )
    app_secret: SecretStr = Field(
        SecretStr(""), description="The website application's AppSecret; without it nobody is logged in."
    )
    lang: Literal["cn", "en"] | None = Field(
        None, description="Language of the page with the QR code; chosen by WeChat unless set."
    )
    api_base: BaseAddress = Field(
        "https://api.weixin.qq.com", description="Only to override: the API's address."
    )
    open_base: BaseAddress = Field(
        "https://open.weixin.qq.com", description="Only to override: the page with the QR code."
    )

    def missing_login_secret(self) -> str | None:
        """Name the AppSecret."""
        return None if self.app_secret.get_secret_value() else "app_secret"
