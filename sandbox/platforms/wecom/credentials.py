"""The fictional company and application of the simulated WeCom, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("WECOM_CORP_ID", "ww5a4db0c0ffee0001"),
    # No number that a real application has (they count up from 1000002): prod refuses the values that are written here.
    Credential("WECOM_AGENT_ID", "9150042"),
    Credential("WECOM_SECRET", "sandbox-wecom-application-secret"),
    Credential("WECOM_ROBOT_KEY", "5a4db0c0-ffee-4000-8000-sandboxrobot"),
    Credential("WECOM_TOKEN", "sandboxWecomToken"),
    Credential("WECOM_ENCODING_AES_KEY", "sandboxWecom0123456789abcdefghijklmnopqrsty"),
)
ADDRESSES = (
    Address("WECOM_API_BASE", "/wecom"),
    Address("WECOM_OPEN_BASE", "/wecom"),
    Address("WECOM_LOGIN_BASE", "/wecom"),
)
CHANNEL = SampleChannel(
    "wecom",
    "WeCom",
    {
        "corp_id": "${WECOM_CORP_ID}",
        "agent_id": "${WECOM_AGENT_ID}",
        "secret": "${WECOM_SECRET}",
        "robot_key": "${WECOM_ROBOT_KEY}",
        "token": "${WECOM_TOKEN}",
        "encoding_aes_key": "${WECOM_ENCODING_AES_KEY}",
        "api_base": "${WECOM_API_BASE:-https://qyapi.weixin.qq.com}",
        "open_base": "${WECOM_OPEN_BASE:-https://open.weixin.qq.com}",
        "login_base": "${WECOM_LOGIN_BASE:-https://login.work.weixin.qq.com}",
    },
)
