"""The fields of eBay's developer site. Source: docs/platforms/ebay.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "developer.ebay.com",
    (Entry("Application keys", "", keys=("client_id", "client_secret")),),
    checks_address=True,
)
