"""Simulated WeCom for one AI bot: what people write to it, its events, the poll for the rest of an answer."""

from __future__ import annotations

from sandbox.platforms.wecom_aibot import credentials
from sandbox.platforms.wecom_aibot.chat import CHAT
from sandbox.platforms.wecom_aibot.firing import CALLBACKS
from sandbox.simulated import Look, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="wecom-aibot",
    title=Words("WeCom AI bot", "企业微信智能机器人"),
    place=46,
    credentials=credentials.CREDENTIALS,
    channel=credentials.CHANNEL,
    callbacks=CALLBACKS,
    chat=CHAT,
    look=Look("#2a5da8", dark_accent="#8ab0f0", on_dark_accent="#0d1a30"),
)
