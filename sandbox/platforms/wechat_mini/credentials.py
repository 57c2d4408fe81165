"""The fictional Mini Program, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

MODES = ("plain", "compatible", "safe")

APP_ID = "wx5a4db0c0ffee0003"

CREDENTIALS = (
    Credential("WECHAT_MINI_APP_ID", APP_ID),
    Credential("WECHAT_MINI_APP_SECRET", "sandbox-wechat-mini-app-secret"),
    Credential("WECHAT_MINI_TOKEN", "sandboxWechatMiniToken"),
    Credential("WECHAT_MINI_ENCODING_AES_KEY", "sandboxWechatMini0123456789abcdefghijklmnop"),
    Credential("WECHAT_MINI_MODE", "safe", choices=MODES, in_example=False),
    Credential("WECHAT_MINI_ORIGINAL_ID", "gh_5a4db0c0ffef", in_example=False),
)
ADDRESSES = (Address("WECHAT_MINI_API_BASE", "/wechat"),)
CHANNEL = SampleChannel(
    "wechat-mini",
    "WeChat Mini Program",
    {
        "app_id": "${WECHAT_MINI_APP_ID}",
        "app_secret": "${WECHAT_MINI_APP_SECRET}",
        "token": "${WECHAT_MINI_TOKEN}",
        "encoding_aes_key": "${WECHAT_MINI_ENCODING_AES_KEY}",
        "mode": "${WECHAT_MINI_MODE:-safe}",
        "api_base": "${WECHAT_MINI_API_BASE:-https://api.weixin.qq.com}",
    },
)
