"""Counting for rate limits, in the storage Flask-Limiter uses too; when it cannot count, it lets requests pass."""

from __future__ import annotations

import structlog
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

log = structlog.get_logger(__name__)


class RateLimits:
    """Fixed windows counted per rule and key; `is_quick` says that counting asks no other machine."""

    def __init__(self, storage_uri: str, *, enabled: bool = True):
        self._enabled = enabled
        self._limiter = FixedWindowRateLimiter(storage_from_string(storage_uri))
        self._rules: dict[str, RateLimitItem] = {}
        self.is_quick = not enabled or storage_uri.startswith("memory:")

    def hit(self, rule: str, *key: str) -> int | None:
        """Count one hit on a rule such as "60 per minute"; return seconds to wait when that is too many, else None."""
        if not self._enabled:
            return None
        item = self._rules.setdefault(rule, parse(rule))
        try:
            if self._limiter.hit(item, *key):
                return None
            return max(1, item.get_expiry())
        except Exception as error:  # noqa: BLE001 - a counter that is down must not stop traffic
            log.warning("rate_limit_storage_failed", error=error.__class__.__name__)
            return None
