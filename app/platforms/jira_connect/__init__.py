"""Jira Connect: webhooks and lifecycle callbacks of an Atlassian Connect app. One channel is one app, with all its tenants.

The parts: settings, tokens (what a token must say, and the digest of the address in it), callbacks.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.jira_connect.callbacks import ConnectCallbacks
from app.platforms.jira_connect.settings import ConnectSettings

PLATFORM = PlatformSpec(
    slug="jira-connect",
    display_name="Jira Connect",
    docs_url="https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/",
    settings=ConnectSettings,
    open=lambda _, settings: ConnectCallbacks(settings),
)
