"""What one opened QQ bot knows for as long as it lives."""

from __future__ import annotations

from dataclasses import dataclass

from app.platforms.qqbot.settings import QqBotSettings


@dataclass(frozen=True, repr=False)
class QqBot:
    """One bot; each capability is a class derived from this one."""

    settings: QqBotSettings
