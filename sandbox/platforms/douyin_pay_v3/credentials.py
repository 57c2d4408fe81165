"""The fictional merchant of the simulated Douyin Pay, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.platforms.douyin_pay_v3 import keys
from sandbox.simulated import Credential, SampleChannel

CREDENTIALS = (
    Credential("DOUYIN_PAY_MCH_ID", "7000001"),
    Credential("DOUYIN_PAY_ENCRYPT_KEY", "SandboxDouyinPayEncryptKey32Byte"),
    Credential("DOUYIN_PAY_CERTIFICATE", keys.CERTIFICATE),
)
CHANNEL = SampleChannel(
    "douyin-pay-v3",
    "Douyin Pay",
    {
        "mch_id": "${DOUYIN_PAY_MCH_ID}",
        "encrypt_key": "${DOUYIN_PAY_ENCRYPT_KEY}",
        "platform_certs": {keys.SERIAL: "${DOUYIN_PAY_CERTIFICATE}"},
    },
)
