"""QQ bot (QQ 机器人): replies to people and groups. Its callbacks are described in sources/qqbot.toml.

Sources (read 2026-11-28): tencent-connect/bot-docs, pages 发送消息, 接口调用与鉴权 and 错误码. What is odd: since 2025-04-21 a bot only
answers, so every message needs the id of what it answers to.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.qqbot.app_token import QqBotTokens
from app.platforms.qqbot.bot import QqBot
from app.platforms.qqbot.console import CONSOLE
from app.platforms.qqbot.sending import QqBotSender
from app.platforms.qqbot.settings import QqBotSettings


class QqBotConnector(QqBotTokens, QqBotSender):
    """A bot with its AppID and AppSecret: it fetches its token and replies."""


def open_bot(_channel: str, settings: QqBotSettings) -> QqBot:
    """Open a channel; without both of its keys it sends nothing."""
    return QqBotConnector(settings) if settings.app_id and settings.secret else QqBot(settings)


PLATFORM = PlatformSpec(
    slug="qqbot",
    display_name="QQ bot",
    docs_url="https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html",
    settings=QqBotSettings,
    open=open_bot,
    console=CONSOLE,
)
