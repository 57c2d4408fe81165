"""What a process knows of the bans: which addresses are kept out until when, and who never is. Memory only, no store.

A look-up costs nothing while nobody is banned. What a ban is for and how long it lasts is pipeline/bans.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from ipaddress import ip_network

from app.security.addresses import UNREADABLE, Network, address_group, parse_networks

RENEW_SECONDS = 3.0
"""How old the copy may be: so long after a ban or its lift another process may not know of it."""

MOST_PROXIES = 64
THIS_MACHINE = parse_networks(["127.0.0.0/8", "::1"])


class Bans:
    """Addresses by group (an IPv6 /64 is one). `exempt` are networks that are never kept out."""

    def __init__(self, exempt: Iterable[Network] = (), *, enabled: bool = True):
        self.enabled = enabled
        self._exempt = (*THIS_MACHINE, *exempt)
        self._ends: Mapping[str, datetime] = {}
        self._proxies: set[str] = set()
        self._renewed_at: float | None = None

    @property
    def has_any(self) -> bool:
        """Whether anybody is kept out."""
        return bool(self._ends)

    def end_of(self, address: str) -> datetime | None:
        """Return until when an address is kept out, None for every other; the end may have come."""
        return self._ends.get(address_group(address))

    def know_proxy(self, address: str) -> None:
        """Remember an address as a trusted proxy's own."""
        if len(self._proxies) < MOST_PROXIES:
            self._proxies.add(address_group(address))

    def is_exempt(self, group: str) -> bool:
        """Say whether a group is never kept out: on this machine, in a network of `exempt`, a proxy, or no address at all.

        What cannot be read counts as one address in limits; as one ban it would keep out everybody behind a proxy that writes
        addresses badly.
        """
        if group == UNREADABLE or group in self._proxies:
            return True
        network = ip_network(group)
        return any(_overlap(network, each) for each in self._exempt)

    def add(self, group: str, end: datetime) -> None:
        """Keep one more group out, before the copy is renewed."""
        self._ends = {**self._ends, group: end}

    def replace(self, ends: Mapping[str, datetime]) -> None:
        """Take what the store knows; whoever became exempt since is left out."""
        known = self._ends
        self._ends = {
            group: end for group, end in ends.items() if group in known or not self.is_exempt(group)
        }

    def is_old(self) -> bool:
        """Say whether the copy should be renewed."""
        return self.enabled and (
            self._renewed_at is None or time.monotonic() - self._renewed_at >= RENEW_SECONDS
        )

    def mark_renewed(self) -> None:
        """Take the copy for fresh; said before the store is asked, so that one asks and nobody waits for the others."""
        self._renewed_at = time.monotonic()


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
