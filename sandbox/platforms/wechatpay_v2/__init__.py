"""Simulated WeChat Pay, version 2: signed notices of payments, and sealed ones of refunds."""

from __future__ import annotations

from sandbox.platforms.wechatpay_v2 import credentials
from sandbox.platforms.wechatpay_v2.firing import CALLBACKS
from sandbox.simulated import Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="wechatpay-v2",
    title=Words("WeChat Pay v2", "微信支付 V2"),
    place=47,
    credentials=credentials.CREDENTIALS,
    channel=credentials.CHANNEL,
    callbacks=CALLBACKS,
)
