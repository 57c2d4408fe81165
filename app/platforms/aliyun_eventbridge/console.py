"""The fields of Alibaba Cloud's console of EventBridge. Source: docs/platforms/aliyun-eventbridge.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "",
    (
        Entry(
            "事件总线 → 规则 → 目标 → HTTP/HTTPS → URL",
            "Event buses → Rules → Targets → HTTP/HTTPS → URL",
            "callback_url",
        ),
    ),
)
