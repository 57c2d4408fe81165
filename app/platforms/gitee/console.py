"""The fields of Gitee's settings. Source: docs/platforms/gitee.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://gitee.com/oauth/applications",
    (
        Entry(
            "管理 → WebHooks → 添加 webHook → URL", "Administration → WebHooks → Add → URL", "callback_url"
        ),
        Entry(
            "管理 → WebHooks → 添加 webHook → WebHook 密码 / 签名密钥",
            "Administration → WebHooks → Add → Signing key",
            keys=("secret",),
        ),
        Entry(
            "设置 → 第三方应用 → 创建应用",
            "Settings → Third-party applications → Create",
            keys=("client_id", "client_secret"),
        ),
        Entry(
            "设置 → 第三方应用 → 创建应用 → 应用回调地址",
            "Settings → Third-party applications → Create → Callback address",
            "redirect_uri",
        ),
    ),
    checks_address=True,
)
