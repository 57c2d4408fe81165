"""The unified callback envelope (CONTRACT §5): our own format, for services that have no webhook format of theirs.

v1 is `{"event_id", "event_type", "timestamp", "data"}` proven by one of four schemes; v2 is Standard Webhooks
(https://www.standardwebhooks.com, read 2026-11-20). The scheme comes from the channel, never from the request.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.callback.commands import UnifiedCommands
from app.platforms.callback.settings import CallbackSettings


class CallbackChannel(UnifiedCommands):
    """One sender with everything this platform offers."""


PLATFORM = PlatformSpec(
    slug="callback",
    display_name="Unified callback",
    docs_url="https://www.standardwebhooks.com",
    settings=CallbackSettings,
    open=lambda _, settings: CallbackChannel(settings),
    unknown_events="reject",
)
