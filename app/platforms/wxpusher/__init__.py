"""WxPusher: messages in WeChat and in an app, with a result for each receiver.

Sources (read 2026-11-28): wxpusher.zjiecode.com/docs "发送消息", "极简推送" (wxpusher-docs, 2026-07-11); codes beside 1000 as Apprise has them.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.wxpusher.console import CONSOLE
from app.platforms.wxpusher.sending import WxpusherSender
from app.platforms.wxpusher.settings import WxpusherSettings

PLATFORM = PlatformSpec(
    slug="wxpusher",
    display_name="WxPusher",
    docs_url="https://wxpusher.zjiecode.com/docs/",
    settings=WxpusherSettings,
    open=lambda _channel, settings: WxpusherSender(settings),
    console=CONSOLE,
)
