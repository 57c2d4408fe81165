"""GitHub: webhooks of repositories, organisations and apps, and login. One channel is one webhook secret, one OAuth app, or both.

The parts: settings, account (the base of every capability), callbacks, login. GitHub Enterprise Server is the same with
other addresses.
"""

from __future__ import annotations

from app.config.platform_settings import plain_text
from app.core.ports import PlatformSpec
from app.platforms.github.callbacks import GitHubCallbacks
from app.platforms.github.console import CONSOLE
from app.platforms.github.login import GitHubLogin
from app.platforms.github.settings import GitHubSettings


class GitHubConnector(GitHubCallbacks, GitHubLogin):
    """Webhooks and login."""


def open_channel(channel_name: str, settings: GitHubSettings) -> GitHubCallbacks:  # noqa: ARG001
    """Return the connector of one channel; without an OAuth app it takes webhooks and offers no login."""
    has_app = settings.client_id and plain_text(settings.client_secret)
    return GitHubConnector(settings) if has_app else GitHubCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="github",
    display_name="GitHub",
    docs_url="https://docs.github.com/en/webhooks",
    settings=GitHubSettings,
    open=open_channel,
    console=CONSOLE,
)
