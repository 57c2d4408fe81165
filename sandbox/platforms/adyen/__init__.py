"""Simulated Adyen: standard notifications whose items are signed one by one."""

from __future__ import annotations

from sandbox.platforms.adyen.firing import CALLBACKS
from sandbox.simulated import Credential, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="adyen",
    title=Words("Adyen", "Adyen"),
    place=70,
    credentials=(
        Credential("ADYEN_HMAC_KEY", "5A4DB0C0FFEE5A4DB0C0FFEE5A4DB0C0FFEE5A4DB0C0FFEE5A4DB0C0FFEE5A4D"),
        Credential("ADYEN_MERCHANT_ACCOUNT", "SandboxMerchantECOM"),
    ),
    channel=SampleChannel(
        "adyen",
        "Adyen",
        {"hmac_key_hex": "${ADYEN_HMAC_KEY}", "merchant_accounts": "${ADYEN_MERCHANT_ACCOUNT}"},
    ),
    callbacks=CALLBACKS,
)
