"""eBay: notifications of its Notification API, account deletion among them. One channel is one destination of one keyset.

The parts: settings, handshake (the challenge of a new endpoint), keys (eBay's public keys, which want an application token), callbacks.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.ebay.callbacks import EbayCallbacks
from app.platforms.ebay.console import CONSOLE
from app.platforms.ebay.settings import EbaySettings

PLATFORM = PlatformSpec(
    slug="ebay",
    display_name="eBay",
    docs_url="https://developer.ebay.com/api-docs/commerce/notification/overview.html",
    settings=EbaySettings,
    open=lambda _, settings: EbayCallbacks(settings),
    console=CONSOLE,
)
