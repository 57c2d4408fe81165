"""The fields of WeCom's administration, AI bots. Source: docs/platforms/wecom-aibot.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://work.weixin.qq.com/wework_admin/",
    (
        Entry("智能机器人 → API设置 → URL", "AI bots → your bot → API settings → URL", "callback_url"),
        Entry(
            "智能机器人 → API设置", "AI bots → your bot → API settings", keys=("token", "encoding_aes_key")
        ),
    ),
    checks_address=True,
)
