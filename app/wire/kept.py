"""One answer of a server, asked for once by all threads of this process and kept for a while; a failure for a moment too.

So a server that is away, or slow, does not hold a thread for every login that starts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import HttpClient

KEPT_SECONDS = 3600
FAILED_SECONDS = 10
LONGEST_WAIT = 3.0
"""Seconds that a caller waits for the one who asks; then there is no answer for it, and its thread is free."""

T = TypeVar("T")


class Kept(Generic[T]):
    """One answer of a server; the first caller asks while the others wait for what it brings."""

    def __init__(
        self,
        ask: Callable[[HttpClient], T],
        clock: Callable[[], float],
        *,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self._longest_wait = longest_wait
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._value: T | None = None
        self._failure: UpstreamError | None = None
        self._asked_at = 0.0

    @property
    def value(self) -> T | None:
        """What is known, however old; None before the first answer."""
        return self._value

    def get(self, http: HttpClient, *, longest: float = KEPT_SECONDS) -> T:
        """Return what is known when it is younger than `longest` seconds, else ask; raises what asking raised."""
        if not self._lock.acquire(timeout=self._longest_wait):
            raise UpstreamUnavailable("The login server takes long to answer; try again in a moment.")
        try:
            return self._got(http, longest)
        finally:
            self._lock.release()

    def _got(self, http: HttpClient, longest: float) -> T:
        age = self._clock() - self._asked_at
        if self._failure is not None and age < FAILED_SECONDS:
            raise self._failure
        if self._value is not None and self._failure is None and age < longest:
            return self._value
        self._failure = None
        try:
            self._value = self._ask(http)
        except UpstreamError as error:
            self._failure = error
            raise
        finally:
            self._asked_at = self._clock()
        return self._value
