"""Microsoft Graph: change notifications and lifecycle notifications of subscriptions, with resource data or without. One channel is one application.

The parts: settings, notices (what a delivery holds), resource_data (sealed contents), tokens (validationTokens), handshake, callbacks, and
key_finding, which fetches Microsoft's keys. Pages read: learn.microsoft.com/graph, change-notifications-delivery-webhooks,
change-notifications-with-resource-data, change-notifications-lifecycle-events (2026-11-28).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.microsoft_graph.callbacks import MicrosoftGraphCallbacks
from app.platforms.microsoft_graph.key_finding import MicrosoftGraphFinder
from app.platforms.microsoft_graph.settings import MicrosoftGraphSettings


def open_application(_channel: str, settings: MicrosoftGraphSettings) -> MicrosoftGraphCallbacks:
    """Open a channel; with an application's id Microsoft's keys are fetched when a delivery brings tokens."""
    can_fetch = settings.app_id and not settings.jwks
    return MicrosoftGraphFinder(settings) if can_fetch else MicrosoftGraphCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="microsoft-graph",
    display_name="Microsoft Graph",
    docs_url="https://learn.microsoft.com/graph/change-notifications-overview",
    settings=MicrosoftGraphSettings,
    open=open_application,
)
