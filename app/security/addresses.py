"""Address rules: is this client address in one of these networks?"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Parse networks or single addresses; raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def is_within(address: str, networks: Iterable[Network]) -> bool:
    """Say whether an address lies in one of the networks; an IPv4 address written as IPv6 counts as IPv4."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return any(parsed.ipv4_mapped in network for network in networks)
    return any(parsed in network for network in networks)
