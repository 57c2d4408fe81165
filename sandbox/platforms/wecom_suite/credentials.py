"""The fictional suite of the simulated WeCom, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("WECOM_SUITE_ID", "ww5a4db0c0ffee5017"),
    Credential("WECOM_SUITE_SECRET", "sandbox-wecom-suite-secret"),
    Credential("WECOM_SUITE_PROVIDER_CORP_ID", "ww5a4db0c0ffee0002"),
    Credential("WECOM_SUITE_TOKEN", "sandboxSuiteToken"),
    Credential("WECOM_SUITE_ENCODING_AES_KEY", "sandboxWecomSuite0123456789abcdefghijklmnop"),
)
ADDRESSES = (
    Address("WECOM_SUITE_API_BASE", "/wecom_suite"),
    Address("WECOM_SUITE_INSTALL_BASE", "/wecom_suite"),
)
CHANNEL = SampleChannel(
    "wecom-suite",
    "WeCom suite",
    {
        "suite_id": "${WECOM_SUITE_ID}",
        "suite_secret": "${WECOM_SUITE_SECRET}",
        "provider_corp_id": "${WECOM_SUITE_PROVIDER_CORP_ID}",
        "token": "${WECOM_SUITE_TOKEN}",
        "encoding_aes_key": "${WECOM_SUITE_ENCODING_AES_KEY}",
        "api_base": "${WECOM_SUITE_API_BASE:-https://qyapi.weixin.qq.com}",
        "install_base": "${WECOM_SUITE_INSTALL_BASE:-https://open.work.weixin.qq.com}",
    },
)
