"""Simulated UnionPay, online gateway 5.1.0: notices of payments, refunds and reversals, signed with its certificate or a shared key."""

from __future__ import annotations

from sandbox.platforms.unionpay import credentials
from sandbox.platforms.unionpay.firing import CALLBACKS
from sandbox.simulated import Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="unionpay",
    title=Words("UnionPay", "中国银联"),
    place=48,
    credentials=credentials.CREDENTIALS,
    channel=credentials.CHANNEL,
    callbacks=CALLBACKS,
)
