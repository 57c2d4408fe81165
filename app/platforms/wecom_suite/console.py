"""The fields of WeCom's console of service providers. Source: docs/platforms/wecom-suite.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://open.work.weixin.qq.com/",
    (
        Entry("服务商信息", "Provider information", keys=("provider_corp_id",)),
        Entry("应用 → 基本信息", "the application → Basic information", keys=("suite_id", "suite_secret")),
        Entry(
            "应用 → 回调配置", "the application → Callback configuration", keys=("token", "encoding_aes_key")
        ),
        Entry(
            "应用 → 回调配置 → 指令回调URL",
            "the application → Callback configuration → Command callback URL",
            "callback_url",
        ),
        Entry(
            "应用 → 回调配置 → 数据回调URL",
            "the application → Callback configuration → Data callback URL",
            "accounts_url",
        ),
    ),
    checks_address=True,
)
