"""Simulated Douyin Pay, version 3: signed and sealed notices of payments, refunds, splits and transfers."""

from __future__ import annotations

from sandbox.platforms.douyin_pay_v3 import credentials
from sandbox.platforms.douyin_pay_v3.firing import CALLBACKS
from sandbox.simulated import Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="douyin-pay-v3",
    title=Words("Douyin Pay", "抖音支付"),
    place=49,
    credentials=credentials.CREDENTIALS,
    channel=credentials.CHANNEL,
    callbacks=CALLBACKS,
)
