"""The fictional application of the simulated Feishu, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("FEISHU_APP_ID", "cli_sandbox0001"),
    Credential("FEISHU_APP_SECRET", "sandbox-feishu-app-secret"),
    Credential("FEISHU_VERIFICATION_TOKEN", "sandbox-feishu-verification-token"),
    Credential("FEISHU_ENCRYPT_KEY", "sandbox-feishu-encrypt-key"),
    Credential("FEISHU_ROBOT_SECRET", "sandbox-feishu-robot-secret"),
)
ADDRESSES = (
    Address("FEISHU_API_BASE", "/feishu"),
    Address("FEISHU_ACCOUNTS_BASE", "/feishu"),
    Address("FEISHU_ROBOT_HOOK", "/feishu/open-apis/bot/v2/hook/sandbox-robot-0001"),
)
CHANNEL = SampleChannel(
    "feishu",
    "Feishu",
    {
        "app_id": "${FEISHU_APP_ID}",
        "app_secret": "${FEISHU_APP_SECRET}",
        "verification_token": "${FEISHU_VERIFICATION_TOKEN}",
        "encrypt_key": "${FEISHU_ENCRYPT_KEY}",
        "robot_hook": "${FEISHU_ROBOT_HOOK}",
        "robot_secret": "${FEISHU_ROBOT_SECRET}",
        "api_base": "${FEISHU_API_BASE:-https://open.feishu.cn}",
        "accounts_base": "${FEISHU_ACCOUNTS_BASE:-https://accounts.feishu.cn}",
    },
)
