"""The fictional third-party platform of the simulated WeChat Open Platform, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("WECHAT_COMPONENT_APP_ID", "wxc0ffee5a4db0x001"),
    Credential("WECHAT_COMPONENT_APP_SECRET", "sandbox-component-app-secret"),
    Credential("WECHAT_COMPONENT_TOKEN", "sandboxComponentToken"),
    Credential("WECHAT_COMPONENT_ENCODING_AES_KEY", "sandboxComponent0123456789abcdefghijklmnopq"),
)
ADDRESSES = (
    Address("WECHAT_COMPONENT_API_BASE", "/wechat_component"),
    Address("WECHAT_COMPONENT_OPEN_BASE", "/wechat_component"),
    Address("WECHAT_COMPONENT_MP_BASE", "/wechat_component"),
)
CHANNEL = SampleChannel(
    "wechat-component",
    "WeChat third-party platform",
    {
        "component_app_id": "${WECHAT_COMPONENT_APP_ID}",
        "component_app_secret": "${WECHAT_COMPONENT_APP_SECRET}",
        "token": "${WECHAT_COMPONENT_TOKEN}",
        "encoding_aes_key": "${WECHAT_COMPONENT_ENCODING_AES_KEY}",
        "api_base": "${WECHAT_COMPONENT_API_BASE:-https://api.weixin.qq.com}",
        "open_base": "${WECHAT_COMPONENT_OPEN_BASE:-https://open.weixin.qq.com}",
        "mp_base": "${WECHAT_COMPONENT_MP_BASE:-https://mp.weixin.qq.com}",
    },
)
