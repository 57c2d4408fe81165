"""The fields of WeChat's console of Official Accounts. Source: docs/platforms/wechat.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://mp.weixin.qq.com",
    (
        Entry(
            "设置与开发 → 开发接口管理 → 基本配置",
            "Settings & development → Interfaces → Basic configuration",
            keys=("app_id", "app_secret"),
        ),
        Entry(
            "设置与开发 → 开发接口管理 → 基本配置 → 服务器配置 → URL",
            "Basic configuration → Server configuration → URL",
            "callback_url",
        ),
        Entry(
            "设置与开发 → 开发接口管理 → 基本配置 → 服务器配置",
            "Basic configuration → Server configuration",
            keys=("token", "encoding_aes_key", "mode"),
        ),
        Entry(
            "设置与开发 → 账号设置 → 功能设置 → 网页授权域名",
            "Settings & development → Account settings → Functions → Web authorisation domain",
            "host",
        ),
    ),
    checks_address=True,
)
