"""The fields of WeChat Pay's merchant platform. Source: docs/platforms/wechatpay.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://pay.weixin.qq.com",
    (
        Entry(
            "账户中心 → API安全 → APIv3密钥",
            "Account centre → API security → APIv3 key",
            keys=("api_v3_key",),
        ),
        Entry(
            "账户中心 → API安全 → 微信支付公钥",
            "Account centre → API security → WeChat Pay public key",
            keys=("public_keys",),
        ),
        Entry(
            "账户中心 → API安全 → 商户API证书",
            "Account centre → API security → Merchant API certificate",
            keys=("merchant_serial", "merchant_private_key"),
        ),
        Entry("下单、退款接口的 notify_url 参数", "notify_url of each order and refund", "callback_url"),
    ),
)
