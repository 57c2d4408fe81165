"""Simulated Douyin third-party platform: sealed tickets and authorisations."""

from __future__ import annotations

from sandbox.platforms.douyin_thirdparty import credentials
from sandbox.platforms.douyin_thirdparty.firing import CALLBACKS
from sandbox.simulated import Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="douyin-thirdparty",
    title=Words("Douyin third-party platform", "抖音服务商平台"),
    place=60,
    credentials=credentials.CREDENTIALS,
    channel=credentials.CHANNEL,
    callbacks=CALLBACKS,
)
