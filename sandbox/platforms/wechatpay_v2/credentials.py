"""The fictional merchant of the simulated WeChat Pay v2, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Credential, SampleChannel

CREDENTIALS = (
    Credential("WECHATPAY_V2_MCH_ID", "1900000209"),
    Credential("WECHATPAY_V2_APP_ID", "wx5a4db0c0ffee0010"),
    Credential("WECHATPAY_V2_API_KEY", "SandboxWechatPayApiKey32Bytes002"),
)
CHANNEL = SampleChannel(
    "wechatpay-v2",
    "WeChat Pay v2",
    {
        "mch_id": "${WECHATPAY_V2_MCH_ID}",
        "app_id": "${WECHATPAY_V2_APP_ID}",
        "api_key": "${WECHATPAY_V2_API_KEY}",
    },
)
