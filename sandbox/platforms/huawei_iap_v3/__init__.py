"""Simulated Huawei IAP: notices v3 as signed tokens with their certificates inside."""

from __future__ import annotations

from sandbox.platforms.huawei_iap_v3 import credentials
from sandbox.platforms.huawei_iap_v3.firing import CALLBACKS
from sandbox.simulated import Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="huawei-iap-v3",
    title=Words("Huawei IAP", "华为应用内支付"),
    place=61,
    credentials=credentials.CREDENTIALS,
    channel=credentials.CHANNEL,
    callbacks=CALLBACKS,
)
