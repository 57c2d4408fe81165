"""Simulated China Merchants Bank: notices of payments and refunds signed with SM2; answers are checked."""

from __future__ import annotations

from sandbox.platforms.cmbpay import credentials
from sandbox.platforms.cmbpay.firing import CALLBACKS
from sandbox.simulated import Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="cmbpay",
    title=Words("CMB aggregate pay", "招行聚合支付"),
    place=62,
    credentials=credentials.CREDENTIALS,
    channel=credentials.CHANNEL,
    callbacks=CALLBACKS,
)
