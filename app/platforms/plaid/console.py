"""The fields of Plaid's dashboard. Source: docs/platforms/plaid.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "Plaid Dashboard", (Entry("Dashboard → Developers → Keys", "", keys=("client_id", "secret")),)
)
