"""Keys that were found while running, kept for a while: bounded lists in this process. Nothing is fetched here.

Strangers choose which keys are claimed, so they must not be able to push out one that has proven a request: such keys
have a list of their own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from app.core.errors import UpstreamError, UpstreamUnavailable

MOST_KEYS = 64
"""In each of the lists."""

UNKNOWN_SECONDS = 60
"""How long a claim is remembered for which there is no key, so that it is not asked for with every request."""

FAILED_SECONDS = 10
"""How long it is remembered that asking for a claim failed; so long nobody asks for it again."""


LONGEST_WAIT = 5.0
"""Seconds that a caller waits for another one that fetches, so that a slow platform does not hold all threads."""


class Found(NamedTuple):
    """What is known about a claim: its key, or None where there is no such key."""

    key: bytes | None
    until: datetime


class Failed(NamedTuple):
    """Why asking for a claim failed."""

    error: UpstreamError
    until: datetime


class FoundKeys:
    """The keys of one channel; `alone` lets one caller fetch while the others wait for what it finds."""

    def __init__(self, longest_wait: float = LONGEST_WAIT) -> None:
        self._longest_wait = longest_wait
        self._claimed: OrderedDict[str, Found] = OrderedDict()
        self._proven: OrderedDict[str, Found] = OrderedDict()
        self._failed: OrderedDict[str, Failed] = OrderedDict()
        self._guard = threading.Lock()
        self._fetching = threading.Lock()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else fetch meanwhile; raises UpstreamUnavailable when somebody else does for too long."""
        if not self._fetching.acquire(timeout=self._longest_wait):
            raise UpstreamUnavailable(
                "The platform takes long to hand out its keys; the key is looked up again in a moment.",
                retry_after=FAILED_SECONDS,
            )
        try:
            yield
        finally:
            self._fetching.release()

    def look_up(self, claim: str, now: datetime) -> Found | None:
        """Return what is known about a claim at this moment, None when it has to be fetched."""
        with self._guard:
            for kept in (self._proven, self._claimed):
                if (found := kept.get(claim)) is not None:
                    if found.until <= now:
                        return None
                    kept.move_to_end(claim)
                    return found
        return None

    def keep(self, claim: str, keys: Mapping[str, bytes], now: datetime, seconds: int) -> Found:
        """Keep what a fetch brought, and that the claim has no key where it brought none; return the claim's."""
        asked = Found(keys.get(claim), now + timedelta(seconds=seconds if claim in keys else UNKNOWN_SECONDS))
        with self._guard:
            self._failed.pop(claim, None)
            for name, key in list(keys.items())[:MOST_KEYS]:
                self._put(name, Found(key, now + timedelta(seconds=seconds)))
            self._put(claim, asked)
        return asked

    def keep_failure(self, claim: str, error: UpstreamError, now: datetime) -> None:
        """Keep that asking for a claim failed."""
        with self._guard:
            self._failed[claim] = Failed(error, now + timedelta(seconds=FAILED_SECONDS))
            _bound(self._failed)

    def failure(self, claim: str, now: datetime) -> UpstreamError | None:
        """Return why asking for a claim failed a moment ago, None when it may be asked for."""
        with self._guard:
            failed = self._failed.get(claim)
        return None if failed is None or failed.until <= now else failed.error

    def note_proof(self, claim: str) -> None:
        """Note that a claim's key has proven a request: from now on strangers cannot push it out."""
        with self._guard:
            found = self._claimed.pop(claim, None)
            if found is not None:
                self._proven[claim] = found
                _bound(self._proven)

    def has_proven(self, claim: str) -> bool:
        """Say whether a claim's key has proven a request, however long ago."""
        with self._guard:
            return claim in self._proven

    def old_key(self, claim: str, now: datetime, longest: timedelta) -> bytes | None:
        """Return a key that has proven a request and has been over for no longer than this."""
        with self._guard:
            found = self._proven.get(claim)
        return None if found is None or found.until + longest <= now else found.key

    def _put(self, claim: str, found: Found) -> None:
        """Put what was found where it belongs: a claim whose key is gone has no privilege any more."""
        if found.key is None:
            self._proven.pop(claim, None)
        kept = self._proven if claim in self._proven else self._claimed
        kept[claim] = found
        kept.move_to_end(claim)
        _bound(kept)


def _bound(kept: OrderedDict[str, Found] | OrderedDict[str, Failed]) -> None:
    while len(kept) > MOST_KEYS:
        kept.popitem(last=False)
