"""Plaid: signed webhooks of a client's Items. One channel is one client in one environment.

The parts: settings, and callbacks with the keys that they ask Plaid for.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.plaid.callbacks import PlaidCallbacks
from app.platforms.plaid.console import CONSOLE
from app.platforms.plaid.settings import PlaidSettings

PLATFORM = PlatformSpec(
    slug="plaid",
    display_name="Plaid",
    docs_url="https://plaid.com/docs/api/webhooks/webhook-verification/",
    settings=PlaidSettings,
    open=lambda _, settings: PlaidCallbacks(settings),
    console=CONSOLE,
)
