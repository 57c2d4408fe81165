"""The fields of Server酱's page of keys. Source: docs/platforms/serverchan.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console

CONSOLE = Console("https://sct.ftqq.com/sendkey")
