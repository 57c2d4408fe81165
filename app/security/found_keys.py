"""Keys that were found while running, kept for a while: a bounded list in this process. Nothing is fetched here."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

MOST_KEYS = 64
UNKNOWN_SECONDS = 60
"""How long a claim is remembered for which there is no key, so that it is not asked for with every request."""


class Found(NamedTuple):
    """What is known about a claim: its key, or None where there is no such key."""

    key: bytes | None
    until: datetime


class FoundKeys:
    """The keys of one channel; `fetching` lets one caller fetch while the others wait for what it finds."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Found] = OrderedDict()
        self._guard = threading.Lock()
        self.fetching = threading.Lock()

    def look_up(self, claim: str, now: datetime) -> Found | None:
        """Return what is known about a claim at this moment, None when it has to be fetched."""
        with self._guard:
            found = self._kept.get(claim)
            if found is None or found.until <= now:
                return None
            self._kept.move_to_end(claim)
            return found

    def keep(self, claim: str, keys: Mapping[str, bytes], now: datetime, seconds: int) -> Found:
        """Keep what a fetch brought, and that the claim has no key where it brought none; return the claim's."""
        asked = Found(keys.get(claim), now + timedelta(seconds=seconds if claim in keys else UNKNOWN_SECONDS))
        with self._guard:
            for name, key in list(keys.items())[:MOST_KEYS]:
                self._kept[name] = Found(key, now + timedelta(seconds=seconds))
            self._kept[claim] = asked
            self._kept.move_to_end(claim)
            while len(self._kept) > MOST_KEYS:
                self._kept.popitem(last=False)
        return asked
