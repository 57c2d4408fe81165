"""PayPal: webhooks of one REST application. One channel is one webhook, or several by their ids.

The parts: settings, transmission (the headers that sign), callbacks. Pages read: developer.paypal.com, "Integrate webhooks",
"Webhook event names" (2026-11-28).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.paypal.callbacks import PaypalCallbacks
from app.platforms.paypal.console import CONSOLE
from app.platforms.paypal.settings import PaypalSettings

PLATFORM = PlatformSpec(
    slug="paypal",
    display_name="PayPal",
    docs_url="https://developer.paypal.com/api/rest/webhooks/",
    settings=PaypalSettings,
    open=lambda _, settings: PaypalCallbacks(settings),
    console=CONSOLE,
)
