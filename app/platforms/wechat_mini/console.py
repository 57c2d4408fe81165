"""The fields of WeChat's console of Mini Programs. Source: docs/platforms/wechat-mini.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://mp.weixin.qq.com",
    (
        Entry(
            "开发管理 → 开发设置 → 开发者ID",
            "Development → Settings → Developer ID",
            keys=("app_id", "app_secret"),
        ),
        Entry("开发管理 → 消息推送 → URL", "Development → Message push → URL", "callback_url"),
        Entry(
            "开发管理 → 消息推送", "Development → Message push", keys=("token", "encoding_aes_key", "mode")
        ),
        Entry(
            "开发管理 → 开发设置 → 服务器域名 → request合法域名",
            "Development → Settings → Server domains → request",
            "base_url",
        ),
    ),
    checks_address=True,
)
