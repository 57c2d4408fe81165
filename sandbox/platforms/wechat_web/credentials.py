"""The fictional website application, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("WECHAT_WEB_APP_ID", "wx5a4db0c0ffee0002"),
    Credential("WECHAT_WEB_APP_SECRET", "sandbox-wechat-web-app-secret"),
)
ADDRESSES = (Address("WECHAT_WEB_API_BASE", "/wechat"), Address("WECHAT_WEB_OPEN_BASE", "/wechat"))
CHANNEL = SampleChannel(
    "wechat-web",
    "WeChat QR code",
    {
        "app_id": "${WECHAT_WEB_APP_ID}",
        "app_secret": "${WECHAT_WEB_APP_SECRET}",
        "api_base": "${WECHAT_WEB_API_BASE:-https://api.weixin.qq.com}",
        "open_base": "${WECHAT_WEB_OPEN_BASE:-https://open.weixin.qq.com}",
    },
)
