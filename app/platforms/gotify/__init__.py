"""Gotify: notifications from a server of one's own.

Sources (read 2026-11-28): gotify.net "Push messages", docs/spec.json and api/message.go of gotify/server (2026-07-24).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.gotify.sending import GotifySender
from app.platforms.gotify.settings import GotifySettings

PLATFORM = PlatformSpec(
    slug="gotify",
    display_name="Gotify",
    docs_url="https://gotify.net/docs/pushmsg",
    settings=GotifySettings,
    open=lambda _channel, settings: GotifySender(settings),
)
