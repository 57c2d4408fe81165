"""The keys of a channel with platform = "wechat": one Official Account (公众号 / 服务号)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from app.config.platform_settings import BaseAddress
from app.wire.wechat_family.push_settings import PushSettings
from app.wire.wechat_family.template_settings import TemplateSettings


class WechatSettings(TemplateSettings, PushSettings):
    """What one Official Account needs; the mode of its callbacks is written here and never read from a request."""

    app_id: str = Field(min_length=1, description="The account's AppID, wx followed by 16 characters.")
    app_secret: SecretStr = Field(
        SecretStr(""),
        description="The account's AppSecret; without it the channel takes callbacks but neither logs in nor sends.",
    )
    scope: Literal["snsapi_userinfo", "snsapi_base"] = Field(
        "snsapi_userinfo",
        description="snsapi_userinfo asks for name and picture; snsapi_base silently reads the OpenID.",
    )
    template_kind: Literal["template", "subscribe"] = Field(
        "template",
        description="template (模板消息), or subscribe (订阅通知), whose people agreed to it first.",
    )
    api_base: BaseAddress = Field(
        "https://api.weixin.qq.com", description="Only to override: the API's address."
    )
    open_base: BaseAddress = Field(
        "https://open.weixin.qq.com", description="Only to override: the login pages."
    )
    mp_base: BaseAddress = Field(
        "https://mp.weixin.qq.com", description="Only to override: the QR code pictures."
    )

    def missing_login_secret(self) -> str | None:
        """Name the AppSecret."""
        return None if self.app_secret.get_secret_value() else "app_secret"
