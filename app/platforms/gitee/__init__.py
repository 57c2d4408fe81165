"""Gitee (码云): webhooks of repositories and organisations, and login. One channel is one webhook, one application, or both.

The parts: settings, account (the base of every capability), callbacks, login.
"""

from __future__ import annotations

from app.config.platform_settings import plain_text
from app.core.ports import PlatformSpec
from app.platforms.gitee.callbacks import GiteeCallbacks
from app.platforms.gitee.console import CONSOLE
from app.platforms.gitee.login import GiteeLogin
from app.platforms.gitee.settings import GiteeSettings


class GiteeConnector(GiteeCallbacks, GiteeLogin):
    """Webhooks and login."""


def open_channel(channel_name: str, settings: GiteeSettings) -> GiteeCallbacks:  # noqa: ARG001
    """Return the connector of one channel; without an application it takes webhooks and offers no login."""
    has_application = settings.client_id and plain_text(settings.client_secret)
    return GiteeConnector(settings) if has_application else GiteeCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="gitee",
    display_name="Gitee",
    docs_url="https://help.gitee.com/webhook/gitee-webhook-push-data-format",
    settings=GiteeSettings,
    open=open_channel,
    console=CONSOLE,
)
