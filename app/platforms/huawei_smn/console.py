"""The fields of Huawei Cloud's console of Simple Message Notification. Source: docs/platforms/huawei-smn.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "",
    (
        Entry("消息通知服务 → 主题管理", "Simple Message Notification → Topics", keys=("topic_urns",)),
        Entry(
            "消息通知服务 → 订阅管理 → 添加订阅 → HTTPS",
            "Simple Message Notification → Subscriptions → Add → HTTPS",
            "callback_url",
        ),
    ),
)
