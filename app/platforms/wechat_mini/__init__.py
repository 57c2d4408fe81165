"""WeChat Mini Program (小程序): message push in XML and JSON, login by `wx.login`, app token, sending.

Outside documentation: https://developers.weixin.qq.com/miniprogram/dev/ (read 2026-11-20).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.wechat_mini.app_token import MiniProgramTokens
from app.platforms.wechat_mini.console import CONSOLE
from app.platforms.wechat_mini.login import MiniProgramLogin
from app.platforms.wechat_mini.program import MiniProgramCallbacks
from app.platforms.wechat_mini.relay import MiniProgramRelay
from app.platforms.wechat_mini.sending import MiniProgramSender
from app.platforms.wechat_mini.settings import WechatMiniSettings
from app.platforms.wechat_mini.user_data import MiniProgramUserData
from app.wire.wechat_family.callback_keys import keyring_of


class MiniProgramConnector(
    MiniProgramCallbacks,
    MiniProgramLogin,
    MiniProgramTokens,
    MiniProgramUserData,
    MiniProgramSender,
    MiniProgramRelay,
):
    """A Mini Program with its AppSecret: everything this platform offers."""


def open_program(channel: str, settings: WechatMiniSettings) -> MiniProgramCallbacks:
    """Open a channel; what needs the AppSecret is only offered when there is one."""
    connector = MiniProgramCallbacks if settings.missing_login_secret() else MiniProgramConnector
    return connector(
        channel, settings, keyring_of(settings.token, settings.encoding_aes_key, settings.app_id)
    )


PLATFORM = PlatformSpec(
    slug="wechat-mini",
    display_name="WeChat Mini Program",
    docs_url="https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html",
    settings=WechatMiniSettings,
    open=open_program,
    console=CONSOLE,
)
