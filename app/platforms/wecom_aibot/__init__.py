"""WeCom AI bots (企业微信智能机器人) in API mode with a callback address: messages, events, and replies in the answer.

Outside documentation: https://developer.work.weixin.qq.com/document/path/101039 (read 2026-11-28). Bots on a long connection
have no callbacks and are no business of a gateway.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.wecom_aibot.callbacks import AibotCallbacks
from app.platforms.wecom_aibot.console import CONSOLE
from app.platforms.wecom_aibot.settings import AibotSettings


def open_bot(_channel: str, settings: AibotSettings) -> AibotCallbacks:
    """Open the channel of one bot."""
    return AibotCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="wecom-aibot",
    display_name="WeCom AI Bot",
    docs_url="https://developer.work.weixin.qq.com/document/path/101039",
    settings=AibotSettings,
    open=open_bot,
    console=CONSOLE,
)
