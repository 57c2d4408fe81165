"""The fields of WeChat Pay's merchant platform, version 2. Source: docs/platforms/wechatpay-v2.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://pay.weixin.qq.com",
    (
        Entry(
            "账户中心 → API安全 → APIv2密钥", "Account centre → API security → APIv2 key", keys=("api_key",)
        ),
        Entry("下单、退款接口的 notify_url 参数", "notify_url of each order and refund", "callback_url"),
    ),
)
