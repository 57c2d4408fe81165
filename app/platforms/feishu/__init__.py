"""Feishu (飞书) and Lark: callbacks, login, app token, sending. One channel is one self-built app, a group's custom bot, or both.

The parts: settings, app (the base of every capability), messages (what a body says), callbacks, login, app_token, sending
with outgoing (what a message becomes), and answers, error_codes and send_rules for what the platform replies. None of them
knows Flask, the database, the clock or the environment.
"""

from __future__ import annotations

from app.config.platform_settings import plain_text
from app.core.ports import PlatformSpec
from app.platforms.feishu.app_token import FeishuAppToken
from app.platforms.feishu.callbacks import FeishuCallbacks
from app.platforms.feishu.console import CONSOLE
from app.platforms.feishu.js_pages import FeishuJsPages
from app.platforms.feishu.login import FeishuLogin
from app.platforms.feishu.media import FeishuMedia
from app.platforms.feishu.relay import FeishuRelay
from app.platforms.feishu.sending import FeishuSender
from app.platforms.feishu.settings import FeishuSettings


class FeishuConnector(
    FeishuCallbacks, FeishuLogin, FeishuAppToken, FeishuSender, FeishuMedia, FeishuRelay, FeishuJsPages
):
    """One app with everything it can do."""


class FeishuRobotConnector(FeishuCallbacks, FeishuSender):
    """One app without its secret, and a group's robot beside it."""


def open_channel(channel_name: str, settings: FeishuSettings) -> FeishuCallbacks:  # noqa: ARG001
    """Return the connector of one channel; without an app_secret it offers no login, without a robot_hook either nothing sends."""
    if plain_text(settings.app_secret):
        return FeishuConnector(settings)
    return FeishuRobotConnector(settings) if plain_text(settings.robot_hook) else FeishuCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="feishu",
    display_name="Feishu / Lark",
    docs_url="https://open.feishu.cn/document/",
    settings=FeishuSettings,
    open=open_channel,
    console=CONSOLE,
)
