"""The fictional bot of the simulated WeCom, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Credential, SampleChannel

CREDENTIALS = (
    Credential("WECOM_AIBOT_ID", "aibSandbox5a4db0c0ffee"),
    Credential("WECOM_AIBOT_TOKEN", "sandboxAibotToken"),
    Credential("WECOM_AIBOT_ENCODING_AES_KEY", "sandboxWecomAibot0123456789abcdefghijklmnop"),
)
CHANNEL = SampleChannel(
    "wecom-aibot",
    "WeCom AI bot",
    {
        "aibotid": "${WECOM_AIBOT_ID}",
        "token": "${WECOM_AIBOT_TOKEN}",
        "encoding_aes_key": "${WECOM_AIBOT_ENCODING_AES_KEY}",
    },
)
