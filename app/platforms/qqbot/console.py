"""The fields of QQ's open platform. Source: docs/platforms/qqbot.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://q.qq.com",
    (Entry("机器人 → 开发设置", "the bot → Development settings", keys=("app_id", "secret")),),
    checks_address=True,
)
