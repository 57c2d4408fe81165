"""Discord: messages by a webhook of a channel. Its callbacks are described in sources/discord.toml.

Sources (read 2026-11-28): docs.discord.com "Webhook Resource: Execute Webhook", "Message Resource: Allowed Mentions", "Rate Limits".
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.discord.sending import DiscordSender, DiscordWebhook
from app.platforms.discord.settings import DiscordSettings


def open_webhook(_channel: str, settings: DiscordSettings) -> DiscordWebhook:
    """Open a channel; without its webhook's address it sends nothing."""
    return DiscordSender(settings) if settings.robot_hook.get_secret_value() else DiscordWebhook(settings)


PLATFORM = PlatformSpec(
    slug="discord",
    display_name="Discord",
    docs_url="https://docs.discord.com/developers/resources/webhook",
    settings=DiscordSettings,
    open=open_webhook,
)
