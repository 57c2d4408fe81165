"""Simulated senders of the unified callback envelope: four signature schemes, open or sealed, no pages, no login."""

from __future__ import annotations

from sandbox.platforms.callback import credentials
from sandbox.platforms.callback.firing import CALLBACKS
from sandbox.simulated import Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="callback",
    title=Words("Unified callback", "统一回调"),
    place=40,
    credentials=credentials.CREDENTIALS,
    channel=credentials.CHANNEL,
    callbacks=CALLBACKS,
)
