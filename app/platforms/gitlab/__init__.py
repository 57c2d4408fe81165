"""GitLab: webhooks of projects, groups and whole servers, and login. One channel is one webhook, one application, or both.

The parts: settings, account (the base of every capability), callbacks, login. A self-managed server is the same at another address.
"""

from __future__ import annotations

from app.config.platform_settings import plain_text
from app.core.ports import PlatformSpec
from app.platforms.gitlab.callbacks import GitLabCallbacks
from app.platforms.gitlab.console import CONSOLE
from app.platforms.gitlab.login import GitLabLogin
from app.platforms.gitlab.settings import GitLabSettings


class GitLabConnector(GitLabCallbacks, GitLabLogin):
    """Webhooks and login."""


def open_channel(channel_name: str, settings: GitLabSettings) -> GitLabCallbacks:  # noqa: ARG001
    """Return the connector of one channel; without an application it takes webhooks and offers no login."""
    has_application = settings.client_id and plain_text(settings.client_secret)
    return GitLabConnector(settings) if has_application else GitLabCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="gitlab",
    display_name="GitLab",
    docs_url="https://docs.gitlab.com/user/project/integrations/webhooks/",
    settings=GitLabSettings,
    open=open_channel,
    console=CONSOLE,
)
