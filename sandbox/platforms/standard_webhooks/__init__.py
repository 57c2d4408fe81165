"""Simulated sender of Standard Webhooks: one signature, no pages, no login."""

from __future__ import annotations

from sandbox.platforms.standard_webhooks import credentials
from sandbox.platforms.standard_webhooks.firing import CALLBACKS
from sandbox.simulated import Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="standard-webhooks",
    title=Words("Standard Webhooks", "Standard Webhooks"),
    place=50,
    credentials=credentials.CREDENTIALS,
    channel=credentials.CHANNEL,
    callbacks=CALLBACKS,
)
