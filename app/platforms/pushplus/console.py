"""The fields of PushPlus's site. Source: docs/platforms/pushplus.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console

CONSOLE = Console("https://www.pushplus.plus")
