"""The fields of Adyen's Customer Area. Source: docs/platforms/adyen.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "Adyen Customer Area",
    (
        Entry("Developers → Webhooks → + Webhook → Standard webhook → URL", "", "callback_url"),
        Entry("Developers → Webhooks → Security → HMAC key → Generate", "", keys=("hmac_key_hex",)),
    ),
)
