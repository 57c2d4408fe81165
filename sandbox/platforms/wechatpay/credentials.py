"""The fictional merchant of the simulated WeChat Pay, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.platforms.wechatpay import keys
from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("WECHATPAY_MCH_ID", "1900000109"),
    Credential("WECHATPAY_APP_ID", "wx5a4db0c0ffee0009"),
    Credential("WECHATPAY_API_V3_KEY", "SandboxWechatPayApiV3Key32Bytes0"),
    Credential("WECHATPAY_PUBLIC_KEY", keys.PUBLIC_KEY),
    Credential("WECHATPAY_MERCHANT_SERIAL", keys.MERCHANT_SERIAL),
    Credential("WECHATPAY_MERCHANT_PRIVATE_KEY", keys.MERCHANT_PRIVATE_KEY),
)
ADDRESSES = (Address("WECHATPAY_API_BASE", "/wechatpay"),)
CHANNEL = SampleChannel(
    "wechatpay",
    "WeChat Pay",
    {
        "mch_id": "${WECHATPAY_MCH_ID}",
        "app_id": "${WECHATPAY_APP_ID}",
        "api_v3_key": "${WECHATPAY_API_V3_KEY}",
        "public_keys": {keys.PUBLIC_KEY_ID: "${WECHATPAY_PUBLIC_KEY}"},
        "merchant_serial": "${WECHATPAY_MERCHANT_SERIAL}",
        "merchant_private_key": "${WECHATPAY_MERCHANT_PRIVATE_KEY}",
        "api_base": "${WECHATPAY_API_BASE:-https://api.mch.weixin.qq.com}",
    },
)
