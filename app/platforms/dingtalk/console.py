"""The fields of DingTalk's developer console. Source: docs/platforms/dingtalk.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://open-dev.dingtalk.com",
    (
        Entry("凭证与基础信息", "Credentials and basic information", keys=("app_key", "app_secret")),
        Entry("事件订阅 → HTTP 推送", "Event subscription → HTTP push", keys=("token", "aes_key")),
        Entry(
            "事件订阅 → HTTP 推送",
            "Event subscription → HTTP push",
            "callback_url",
        ),
        Entry("机器人 → 消息接收模式 HTTP", "Robot → Message mode HTTP", "callback_url"),
        Entry("安全设置 → 重定向URL", "Security settings → Redirect URLs", "redirect_uri"),
        Entry(
            "群设置 → 机器人 → 自定义",
            "Group settings → Robots → Custom",
            keys=("robot_token", "robot_secret"),
        ),
    ),
    checks_address=True,
)
