"""The fields of PayPal's developer dashboard. Source: docs/platforms/paypal.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "developer.paypal.com",
    (Entry("Apps & Credentials → Live or Sandbox → the app → Webhooks → Add Webhook", "", "callback_url"),),
)
