"""The fields of Feishu's (and Lark's, https://open.larksuite.com/app) developer console. Source: docs/platforms/feishu.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://open.feishu.cn/app",
    (
        Entry("凭证与基础信息", "Credentials & Basic Info", keys=("app_id", "app_secret")),
        Entry(
            "事件与回调 → 加密策略",
            "Events & Callbacks → Encryption Strategy",
            keys=("encrypt_key", "verification_token"),
        ),
        Entry(
            "事件与回调 → 事件配置 → 将事件发送至开发者服务器",
            "Events & Callbacks → Event configuration → Send to developer's server",
            "callback_url",
        ),
        Entry(
            "事件与回调 → 回调配置 → 将回调发送至开发者服务器",
            "Events & Callbacks → Callback configuration → Send to developer's server",
            "callback_url",
        ),
        Entry("安全设置 → 重定向 URL", "Security Settings → Redirect URLs", "redirect_uri"),
        Entry(
            "群设置 → 群机器人 → 自定义机器人",
            "Group settings → Bots → Custom bot",
            keys=("robot_hook", "robot_secret"),
        ),
    ),
    checks_address=True,
)
