"""WeChat Official Account (公众号 / 服务号): callbacks, bind codes, login inside WeChat, app token, scene QR codes, sending.

Outside documentation: https://developers.weixin.qq.com/doc/subscription/guide/ (read 2026-11-20).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.wechat.account import keyring
from app.platforms.wechat.app_token import WechatAppTokens
from app.platforms.wechat.binding import WechatBinding
from app.platforms.wechat.callbacks import WechatCallbacks
from app.platforms.wechat.console import CONSOLE
from app.platforms.wechat.js_pages import WechatJsPages
from app.platforms.wechat.login import WechatLogin
from app.platforms.wechat.relay import WechatRelay
from app.platforms.wechat.scene_codes import WechatSceneCodes
from app.platforms.wechat.sending import WechatSender
from app.platforms.wechat.settings import WechatSettings


class WechatInbox(WechatCallbacks, WechatBinding):
    """An account without its AppSecret: it takes callbacks and reads bind codes."""


class WechatConnector(
    WechatInbox, WechatLogin, WechatAppTokens, WechatSceneCodes, WechatSender, WechatRelay, WechatJsPages
):
    """An account with its AppSecret: everything this platform offers."""


def open_account(channel: str, settings: WechatSettings) -> WechatInbox:
    """Open a channel; what needs the AppSecret is only offered when there is one."""
    connector = WechatConnector if settings.app_secret.get_secret_value() else WechatInbox
    return connector(channel, settings, keyring(settings))


PLATFORM = PlatformSpec(
    slug="wechat",
    display_name="WeChat Official Account",
    docs_url="https://developers.weixin.qq.com/doc/subscription/guide/dev/push/",
    settings=WechatSettings,
    open=open_account,
    console=CONSOLE,
)
