"""The fictional third-party application, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Credential, SampleChannel

CREDENTIALS = (
    Credential("DOUYIN_TP_APP_ID", "tt5d00c0ffee000001"),
    Credential("DOUYIN_TP_TOKEN", "sandbox-douyin-thirdparty-token"),
    Credential("DOUYIN_TP_ENCODING_AES_KEY", "c2FuZGJveC1kb3V5aW4tdGhpcmRwYXJ0eS0wMDAwMDA"),
)
CHANNEL = SampleChannel(
    "douyin-thirdparty",
    "Douyin third-party platform",
    {
        "tp_app_id": "${DOUYIN_TP_APP_ID}",
        "token": "${DOUYIN_TP_TOKEN}",
        "encoding_aes_key": "${DOUYIN_TP_ENCODING_AES_KEY}",
    },
)
