"""The fictional applications of the simulated WeChat, and the gateway's sample channel for the official account."""

from __future__ import annotations

from sandbox.settings import SandboxSettings
from sandbox.simulated import Address, Credential, SampleChannel

MODES = ("plain", "compatible", "safe")

APP_ID = "wx5a4db0c0ffee0001"

CREDENTIALS = (
    Credential("WECHAT_APP_ID", APP_ID),
    Credential("WECHAT_APP_SECRET", "sandbox-wechat-app-secret"),
    Credential("WECHAT_TOKEN", "sandboxWechatToken"),
    Credential("WECHAT_ENCODING_AES_KEY", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),
    Credential("WECHAT_MODE", "safe", choices=MODES, in_example=False),
    Credential("WECHAT_ORIGINAL_ID", "gh_5a4db0c0ffee", in_example=False),
)
ADDRESSES = (
    Address("WECHAT_API_BASE", "/wechat"),
    Address("WECHAT_OPEN_BASE", "/wechat"),
    Address("WECHAT_MP_BASE", "/wechat"),
)
CHANNEL = SampleChannel(
    "wechat",
    "WeChat",
    {
        "app_id": "${WECHAT_APP_ID}",
        "app_secret": "${WECHAT_APP_SECRET}",
        "token": "${WECHAT_TOKEN}",
        "encoding_aes_key": "${WECHAT_ENCODING_AES_KEY}",
        "mode": "${WECHAT_MODE:-safe}",
        "api_base": "${WECHAT_API_BASE:-https://api.weixin.qq.com}",
        "open_base": "${WECHAT_OPEN_BASE:-https://open.weixin.qq.com}",
        "mp_base": "${WECHAT_MP_BASE:-https://mp.weixin.qq.com}",
    },
)


def login_apps(settings: SandboxSettings) -> dict[str, str]:
    """Returns the secrets of the two applications that log people in through `sns/oauth2`, by their id."""
    return {
        settings["WECHAT_APP_ID"]: settings["WECHAT_APP_SECRET"],
        settings["WECHAT_WEB_APP_ID"]: settings["WECHAT_WEB_APP_SECRET"],
    }
