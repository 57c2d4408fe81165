"""WeChat website applications (网站应用微信登录): login by scanning a QR code on a desktop.

Outside documentation: https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/Wechat_Login.html (read 2026-11-20).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.wechat_web.console import CONSOLE
from app.platforms.wechat_web.login import WechatWebApplication, WechatWebLogin
from app.platforms.wechat_web.settings import WechatWebSettings


def open_application(_channel: str, settings: WechatWebSettings) -> WechatWebApplication:
    """Open a channel; without its AppSecret it offers nothing."""
    return (
        WechatWebLogin(settings)
        if settings.missing_login_secret() is None
        else WechatWebApplication(settings)
    )


PLATFORM = PlatformSpec(
    slug="wechat-web",
    display_name="WeChat QR code",
    docs_url="https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/Wechat_Login.html",
    settings=WechatWebSettings,
    open=open_application,
    console=CONSOLE,
)
