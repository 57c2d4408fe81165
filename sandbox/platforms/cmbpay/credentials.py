"""The fictional merchant of the simulated bank, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.platforms.cmbpay import keys
from sandbox.simulated import Credential, SampleChannel

CREDENTIALS = (
    Credential("CMBPAY_MER_ID", "308999170120FGW"),
    Credential("CMBPAY_PUBLIC_KEY", keys.BANK_PUBLIC_KEY),
    Credential("CMBPAY_MERCHANT_PRIVATE_KEY", keys.MERCHANT_PRIVATE_KEY),
)
CHANNEL = SampleChannel(
    "cmbpay",
    "CMB aggregate pay",
    {
        "mer_id": "${CMBPAY_MER_ID}",
        "cmb_public_key_spki_base64": "${CMBPAY_PUBLIC_KEY}",
        "merchant_private_key_hex": "${CMBPAY_MERCHANT_PRIVATE_KEY}",
    },
)
