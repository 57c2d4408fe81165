"""Slack: messages by an incoming webhook, or by the app's bot token. Its callbacks are described in sources/slack.toml.

Sources (read 2026-11-28): docs.slack.dev "Sending messages using incoming webhooks", "chat.postMessage", "Rate limits".
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.slack.console import CONSOLE
from app.platforms.slack.sending import SlackApp, SlackSender
from app.platforms.slack.settings import SlackSettings


def open_app(_channel: str, settings: SlackSettings) -> SlackApp:
    """Open a channel; without an incoming webhook and a bot token it sends nothing."""
    can_send = settings.robot_hook.get_secret_value() or settings.bot_token.get_secret_value()
    return SlackSender(settings) if can_send else SlackApp(settings)


PLATFORM = PlatformSpec(
    slug="slack",
    display_name="Slack",
    docs_url="https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/",
    settings=SlackSettings,
    open=open_app,
    console=CONSOLE,
)
