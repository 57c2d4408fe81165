"""PushPlus (推送加): messages in WeChat and other ways, by a service that keeps what it sends.

Sources (read 2026-11-28): www.pushplus.plus "消息接口文档" and "接口返回码" (guide/api, guide/code).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.pushplus.console import CONSOLE
from app.platforms.pushplus.sending import PushplusSender
from app.platforms.pushplus.settings import PushplusSettings

PLATFORM = PlatformSpec(
    slug="pushplus",
    display_name="PushPlus",
    docs_url="https://www.pushplus.plus/doc/guide/api.html",
    settings=PushplusSettings,
    open=lambda _channel, settings: PushplusSender(settings),
    console=CONSOLE,
)
