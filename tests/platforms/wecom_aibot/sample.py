"""The sample channel of a bot for the suite that every platform goes through."""

from __future__ import annotations

from tests.platforms.callback_cases import NOW
from tests.platforms.samples import Sample
from tests.platforms.wecom_aibot import bot

SAMPLES = (Sample("wecom-aibot", "bot", bot.SETTINGS, bot.sent, bot.message(), now=NOW, has_window=False),)
