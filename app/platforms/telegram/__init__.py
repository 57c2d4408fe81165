"""Telegram bots: messages by sendMessage and two methods with media. Callbacks are described in sources/telegram.toml.

Sources (read 2026-11-28): core.telegram.org/bots/api "Making requests", "sendMessage", "Formatting options", and /bots/faq (limits).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.telegram.sending import TelegramBot, TelegramSender
from app.platforms.telegram.settings import TelegramSettings


def open_bot(_channel: str, settings: TelegramSettings) -> TelegramBot:
    """Open a channel; without its token it sends nothing."""
    return TelegramSender(settings) if settings.bot_token.get_secret_value() else TelegramBot(settings)


PLATFORM = PlatformSpec(
    slug="telegram",
    display_name="Telegram bot",
    docs_url="https://core.telegram.org/bots/api",
    settings=TelegramSettings,
    open=open_bot,
)
