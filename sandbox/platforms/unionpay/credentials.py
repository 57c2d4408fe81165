"""The fictional merchant of the simulated UnionPay, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.platforms.unionpay import keys
from sandbox.simulated import Credential, SampleChannel

CREDENTIALS = (
    Credential("UNIONPAY_MER_ID", "777290058110048"),
    Credential("UNIONPAY_ROOT_CERT", keys.ROOT_CERTIFICATE),
    Credential("UNIONPAY_MIDDLE_CERT", keys.MIDDLE_CERTIFICATE),
    Credential("UNIONPAY_SECURE_KEY", "sandbox-unionpay-secure-key"),
)
CHANNEL = SampleChannel(
    "unionpay",
    "UnionPay",
    {
        "mer_id": "${UNIONPAY_MER_ID}",
        "root_cert_pem": "${UNIONPAY_ROOT_CERT}",
        "middle_cert_pem": "${UNIONPAY_MIDDLE_CERT}",
        "secure_key": "${UNIONPAY_SECURE_KEY}",
    },
)
