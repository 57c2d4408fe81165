"""Apple: App Store Server Notifications, version 2. One channel is one app in one environment.

The parts: settings, root (Apple's own root certificate), signed_data (a JWS with its chain), payloads (what a notification says), callbacks.
Pages read: developer.apple.com/documentation/appstoreservernotifications, "App Store Server Notifications V2", "Responding to App Store
Server Notifications" (2026-11-28). Version 1 is another protocol.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.apple_notifications.callbacks import AppleNotificationsCallbacks
from app.platforms.apple_notifications.console import CONSOLE
from app.platforms.apple_notifications.settings import AppleNotificationsSettings

PLATFORM = PlatformSpec(
    slug="apple-notifications",
    display_name="App Store Server Notifications",
    docs_url="https://developer.apple.com/documentation/appstoreservernotifications",
    settings=AppleNotificationsSettings,
    open=lambda _, settings: AppleNotificationsCallbacks(settings),
    console=CONSOLE,
)
