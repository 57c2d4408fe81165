"""Google Cloud Pub/Sub: push subscriptions, and with them Google Play's real-time developer notifications. One channel is one service account's pushes.

The parts: settings, messages (what a push says), callbacks. Pages read: docs.cloud.google.com/pubsub/docs/push,
/authenticate-push-subscriptions, /payload-unwrapping; developer.android.com/google/play/billing/rtdn-reference (2026-11-28).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.google_pubsub.callbacks import GooglePubsubCallbacks, GooglePubsubFinder
from app.platforms.google_pubsub.console import CONSOLE
from app.platforms.google_pubsub.settings import GooglePubsubSettings


def open_subscription(_channel: str, settings: GooglePubsubSettings) -> GooglePubsubCallbacks:
    """Open a channel; with `jwks` no key is fetched."""
    return GooglePubsubCallbacks(settings) if settings.jwks else GooglePubsubFinder(settings)


PLATFORM = PlatformSpec(
    slug="google-pubsub",
    display_name="Google Pub/Sub",
    docs_url="https://docs.cloud.google.com/pubsub/docs/push",
    settings=GooglePubsubSettings,
    open=open_subscription,
    console=CONSOLE,
)
