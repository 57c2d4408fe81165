"""The fictional application of the simulated Feishu, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("FEISHU_APP_ID", "cli_sandbox0001"),
    Credential("FEISHU_APP_SECRET", "sandbox-feishu-app-secret"),
    Credential("FEISHU_VERIFICATION_TOKEN", "sandbox-feishu-verification-token"),
    Credential("FEISHU_ENCRYPT_KEY", "sandbox-feishu-encrypt-key"),
)
ADDRESSES = (Address("FEISHU_API_BASE", "/feishu"), Address("FEISHU_ACCOUNTS_BASE", "/feishu"))
CHANNEL = SampleChannel(
    "feishu",
    "Feishu",
    {
        "app_id": "${FEISHU_APP_ID}",
        "app_secret": "${FEISHU_APP_SECRET}",
        "verification_token": "${FEISHU_VERIFICATION_TOKEN}",
        "encrypt_key": "${FEISHU_ENCRYPT_KEY}",
        "api_base": "${FEISHU_API_BASE:-https://open.feishu.cn}",
        "accounts_base": "${FEISHU_ACCOUNTS_BASE:-https://accounts.feishu.cn}",
    },
)
