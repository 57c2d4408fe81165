"""The fields of Alibaba Cloud's console of Message Service. Source: docs/platforms/aliyun-mns.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "", (Entry("主题 → 订阅 → 创建订阅 → HTTP", "Topics → Subscriptions → Create → HTTP", "callback_url"),)
)
