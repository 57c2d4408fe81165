"""Simulated Telegram: three methods of one bot. Its callbacks are fired from the description of the source."""

from __future__ import annotations

from sandbox.platforms.telegram import api
from sandbox.simulated import Address, Credential, Look, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="telegram",
    title=Words("Telegram bot", "Telegram 机器人"),
    place=92,
    credentials=(
        Credential("TELEGRAM_SECRET", "sandbox-source-secret-0123456789"),
        Credential("TELEGRAM_BOT_TOKEN", "1234567890:sandbox-telegram-bot-token-0001"),
        Credential("TELEGRAM_CHAT_ID", api.GROUP),
    ),
    addresses=(Address("TELEGRAM_API_BASE", "/telegram"),),
    channel=SampleChannel(
        "telegram",
        "Telegram",
        {
            "secret": "${TELEGRAM_SECRET}",
            "bot_token": "${TELEGRAM_BOT_TOKEN}",
            "chat_id": "${TELEGRAM_CHAT_ID}",
            "api_base": "${TELEGRAM_API_BASE:-https://api.telegram.org}",
        },
    ),
    blueprint=api.blueprint,
    look=Look("#1f6f9f", dark_accent="#7cc4ee", on_dark_accent="#0a2636"),
    first_message='telegram --text "Hello"',
)
