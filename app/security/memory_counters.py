"""Counters of rate limits in this process's memory: bounded, and each hit costs the same however many there are.

Keys hold callers' addresses, and somebody with an IPv6 network has as many of those as they like. The library's own storage keeps
every key until its window ends and walks through all of them a hundred times a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from heapq import heappop, heappush
from math import floor
from threading import Lock
from typing import Any

from limits.storage import SlidingWindowCounterSupport, Storage

MOST_COUNTERS = 100_000
"""About 35 MB. Beyond that the ones that would end first are forgotten: then a limit lets more pass, and nothing else fails."""

TIDIED_AT_ONCE = 8
"""Ended counters that go when a new one begins; more than begin, so none are left for long."""


class BoundedMemory(Storage, SlidingWindowCounterSupport):
    """Takes the place of the library's storage for `memory://`, here and in Flask-Limiter."""

    STORAGE_SCHEME = ["memory"]  # noqa: RUF012 - as the library declares it

    def __init__(
        self,
        uri: str | None = None,
        wrap_exceptions: bool = False,
        *,
        most: int = MOST_COUNTERS,
        # The libraries tell waiting times by this clock too, and have no other.
        now: Callable[[], float] = time.time,  # noqa: TID251
        **_: Any,
    ):
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._most = most
        self._now = now
        self._counts: dict[str, int] = {}
        self._ends: dict[str, float] = {}
        self._by_end: list[tuple[float, str]] = []
        self._lock = Lock()

    @property
    def size(self) -> int:
        """How many counters there are, ended ones included."""
        return len(self._counts)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong with a storage; with this one nothing."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, from the first hit on for `expiry` seconds, and return the sum."""
        with self._lock:
            return self._add(key, expiry, amount)

    def get(self, key: str) -> int:
        """Return what was counted in the window that runs."""
        return self._counts.get(key, 0) if self._ends.get(key, 0.0) > self._now() else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since 1970."""
        return self._ends.get(key, self._now())

    def clear(self, key: str) -> None:
        """Forget a counter."""
        with self._lock:
            self._forget(key)

    def reset(self) -> int:
        """Forget all of them; return how many that were."""
        with self._lock:
            count = len(self._counts)
            self._counts.clear()
            self._ends.clear()
            self._by_end.clear()
        return count

    def check(self) -> bool:
        """Say that memory is there."""
        return True

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count where the window that moves along has place: the window before counts by the part that is still inside."""
        with self._lock:
            before, left, current, _ = self.get_sliding_window(key, expiry)
            if floor(before * left / expiry + current) + amount > limit:
                return False
            _, current_key = _windows(key, expiry, self._now())
            # It is looked at for one window more, as the one before.
            self._add(current_key, 2 * expiry, amount)
        return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return count and seconds left of the window before, and of the one that runs."""
        now = self._now()
        previous_key, current_key = _windows(key, expiry, now)
        before, into = self.get(previous_key), now % expiry
        return before, expiry - into if before else 0.0, self.get(current_key), 2 * expiry - into

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget both windows."""
        for each in _windows(key, expiry, self._now()):
            self.clear(each)

    def _add(self, key: str, expiry: float, amount: int) -> int:
        now = self._now()
        if self._ends.get(key, 0.0) <= now:
            self._forget(key)
            self._make_room(now)
            self._ends[key] = now + expiry
            heappush(self._by_end, (now + expiry, key))
        self._counts[key] = count = self._counts.get(key, 0) + amount
        return count

    def _make_room(self, now: float) -> None:
        for _ in range(TIDIED_AT_ONCE):
            is_full = len(self._by_end) >= self._most
            if not self._by_end or (self._by_end[0][0] > now and not is_full):
                return
            end, key = heappop(self._by_end)
            # A counter that was cleared and began anew has another end, and a place of its own here.
            if self._ends.get(key) == end:
                self._forget(key)

    def _forget(self, key: str) -> None:
        self._counts.pop(key, None)
        self._ends.pop(key, None)


def _windows(key: str, seconds: int, now: float) -> tuple[str, str]:
    """Return the names of the window before and of the one that runs."""
    number = int(now // seconds)
    return f"{key}/{number - 1}", f"{key}/{number}"
