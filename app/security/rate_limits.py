"""Counting for rate limits, in the storage Flask-Limiter uses too; when it cannot count, it lets requests pass."""

from __future__ import annotations

import math
from collections.abc import Callable

import structlog
from limits import RateLimitItem, parse
from limits.storage import SlidingWindowCounterSupport, storage_from_string
from limits.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter

from app.security.memory_counters import BoundedMemory

ROUNDING = 0.01
"""Seconds; a fraction of a window that is reckoned from the time since 1970 is not exact."""

log = structlog.get_logger(__name__)


class RateLimits:
    """Hits counted per rule and key; `is_quick` says that counting asks no other machine. `memory` is used for `memory://`."""

    def __init__(self, storage_uri: str, *, enabled: bool = True, memory: BoundedMemory | None = None):
        self._enabled = enabled
        is_here = storage_uri.startswith("memory:")
        here = BoundedMemory() if memory is None else memory
        self._storage = here if is_here else storage_from_string(storage_uri)
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._rules: dict[str, RateLimitItem] = {}
        self.is_quick = not enabled or is_here

    def hit(self, rule: str, *key: str) -> int | None:
        """Count one hit on a rule such as "60 per minute"; return seconds to wait when that is too many, else None.

        Windows are fixed: twice as many may pass around the end of one.
        """
        item = self._item(rule)
        return self._asked(lambda: None if self._limiter.hit(item, *key) else max(1, item.get_expiry()))

    def peek(self, rule: str, *key: str) -> int | None:
        """Say the same as one more hit would, without counting it."""
        item = self._item(rule)
        return self._asked(lambda: None if self._limiter.test(item, *key) else max(1, item.get_expiry()))

    def hit_sliding(self, rule: str, *key: str) -> int | None:
        """Do the same in a window that moves along: two counters for each key, however many hits, so it is not quite exact.

        A storage that cannot (etcd) counts in fixed windows.
        """
        storage = self._storage
        if not isinstance(storage, SlidingWindowCounterSupport):
            return self.hit(rule, *key)
        item, limiter = self._item(rule), SlidingWindowCounterRateLimiter(storage)
        return self._asked(lambda: None if limiter.hit(item, *key) else _sliding_wait(storage, item, key))

    def forget(self, rule: str, *key: str) -> None:
        """Let a key begin anew."""
        item = self._item(rule)
        self._asked(lambda: self._limiter.clear(item, *key))

    def _item(self, rule: str) -> RateLimitItem:
        return self._rules.setdefault(rule, parse(rule))

    def _asked(self, work: Callable[[], int | None]) -> int | None:
        if not self._enabled:
            return None
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - a counter that is down must not stop traffic
            log.warning("rate_limit_storage_failed", error=error.__class__.__name__)
            return None


def _sliding_wait(storage: SlidingWindowCounterSupport, item: RateLimitItem, key: tuple[str, ...]) -> int:
    """Return the seconds until one more hit passes: the last window counts by the part of it that is still inside."""
    window, most = item.get_expiry(), item.amount
    before, left_of_before, now, left_of_now = storage.get_sliding_window(item.key_for(*key), window)
    if now < most and before:
        seconds = left_of_before - (most - now) * window / before
    else:
        seconds = left_of_now - most * window / max(most, now)
    return max(1, math.floor(seconds + ROUNDING) + 1)
