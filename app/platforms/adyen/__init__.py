"""Adyen: standard notifications of payments, refunds, disputes and the rest, in JSON. One channel is one webhook of the Customer Area.

The parts: settings, items (what one item says and what of it is signed), callbacks. Webhooks of other kinds (Balance Platform), which
sign their whole body in the header HmacSignature, are a described source, not this platform.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.adyen.callbacks import AdyenCallbacks
from app.platforms.adyen.console import CONSOLE
from app.platforms.adyen.settings import AdyenSettings

PLATFORM = PlatformSpec(
    slug="adyen",
    display_name="Adyen",
    docs_url="https://docs.adyen.com/development-resources/webhooks/",
    settings=AdyenSettings,
    open=lambda _, settings: AdyenCallbacks(settings),
    console=CONSOLE,
)
