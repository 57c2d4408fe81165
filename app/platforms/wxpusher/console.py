"""The fields of WxPusher's administration. Source: docs/platforms/wxpusher.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console

CONSOLE = Console("https://wxpusher.zjiecode.com/admin")
