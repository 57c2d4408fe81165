"""Places: how much an engine may hold at once, taken one by one or several together.

What an engine holds and has not begun, nobody else can run, and it is lost with the process. So an engine whose attempts
are quick holds many, which spares it from going to the store for each, and one whose attempts are slow holds few.
"""

from __future__ import annotations

import threading

PLACES_PER_THREAD = 64
AHEAD_SECONDS = 0.5
FIRST_GUESS_SECONDS = 0.1
WEIGHT = 0.1


class Places:
    """A counter of free places that threads may wait for; as many as its threads get done within half a second."""

    def __init__(self, threads: int):
        self._threads = threads
        self._mean_seconds = FIRST_GUESS_SECONDS
        self._taken = 0
        self._changed = threading.Condition()

    def note(self, seconds: float) -> None:
        """Learn how long an attempt took; the newest ones weigh most."""
        self._mean_seconds += (seconds - self._mean_seconds) * WEIGHT

    def expect(self, seconds: float) -> None:
        """Learn that attempts take at least that long at the moment, although none has ended yet."""
        self._mean_seconds = max(self._mean_seconds, seconds)

    def take(self, count: int) -> bool:
        """Take exactly that many at once, or none."""
        with self._changed:
            if self._free() < count:
                return False
            self._taken += count
            return True

    def take_some(self, most: int, *, timeout: float) -> int:
        """Take up to `most`, waiting at most `timeout` seconds for the first; return how many."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free() > 0, timeout):
                return 0
            count = min(self._free(), most)
            self._taken += count
            return count

    def are_hands_full(self) -> bool:
        """Say whether there is something for every thread."""
        with self._changed:
            return self._taken >= self._threads

    def any(self) -> bool:
        """Say whether a place is free."""
        with self._changed:
            return self._free() > 0

    def release(self, count: int) -> None:
        """Give places back."""
        if count:
            with self._changed:
                self._taken -= count
                self._changed.notify()

    def _free(self) -> int:
        each = AHEAD_SECONDS / max(self._mean_seconds, AHEAD_SECONDS / PLACES_PER_THREAD)
        return self._threads * max(1, int(each)) - self._taken
