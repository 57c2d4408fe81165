"""The fields of Alipay's open platform. Source: docs/platforms/alipay.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://open.alipay.com",
    (
        Entry(
            "开发设置 → 接口加签方式",
            "Development settings → Signing of interfaces",
            keys=("app_id", "app_private_key", "alipay_public_key"),
        ),
        Entry(
            "开发设置 → 授权回调地址", "Development settings → Authorisation callback address", "redirect_uri"
        ),
        Entry("下单接口的 notify_url 参数", "notify_url of each payment call", "callback_url"),
    ),
)
