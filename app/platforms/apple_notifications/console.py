"""The fields of App Store Connect. Source: docs/platforms/apple-notifications.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "App Store Connect",
    (
        Entry(
            "the app → App Information → App Store Server Notifications → Production Server URL",
            "",
            "callback_url",
        ),
        Entry("the app → App Information → Apple ID", "", keys=("app_apple_id",)),
    ),
)
