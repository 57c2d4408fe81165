"""The fields of the WeChat Open Platform's console of website applications. Source: docs/platforms/wechat-web.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://open.weixin.qq.com",
    (
        Entry(
            "管理中心 → 网站应用 → 查看 → 基本信息",
            "Management centre → Website application → Basic information",
            keys=("app_id", "app_secret"),
        ),
        Entry(
            "管理中心 → 网站应用 → 查看 → 开发信息 → 授权回调域",
            "Management centre → Website application → Development → Authorisation callback domain",
            "host",
        ),
    ),
)
