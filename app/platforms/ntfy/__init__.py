"""ntfy: notifications to whoever subscribed to a topic, at ntfy.sh or a server of one's own.

Sources (read 2026-11-28): docs.ntfy.sh "Publishing: Publish as JSON", "Limitations"; server/errors.go of binwiederhier/ntfy (2025-07-13).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.ntfy.sending import NtfySender
from app.platforms.ntfy.settings import NtfySettings

PLATFORM = PlatformSpec(
    slug="ntfy",
    display_name="ntfy",
    docs_url="https://docs.ntfy.sh/publish/",
    settings=NtfySettings,
    open=lambda _channel, settings: NtfySender(settings),
)
