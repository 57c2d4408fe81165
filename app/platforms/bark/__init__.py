"""Bark: notifications on iPhones, at api.day.app or a server of one's own.

Sources (read 2026-11-28): docs/API_V2.md and route_push.go of Finb/bark-server (2026-02-24).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.bark.sending import BarkSender
from app.platforms.bark.settings import BarkSettings

PLATFORM = PlatformSpec(
    slug="bark",
    display_name="Bark",
    docs_url="https://bark.day.app/",
    settings=BarkSettings,
    open=lambda _channel, settings: BarkSender(settings),
)
