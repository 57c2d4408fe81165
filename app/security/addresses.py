"""Client addresses: read once into one form, counted in groups, held against a channel's rules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

UNREADABLE = "unreadable"
"""What stands for an address that is none; all of them count as one."""

LONGEST_ADDRESS = 64
WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?|([0-9.]{7,15}):[0-9]{1,5})")
"""`[2001:db8::1]`, `[2001:db8::1]:443` and `203.0.113.7:51234`, as some proxies write them."""

IPV6_GROUP_BITS = 64


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Parse networks or single addresses; raises ValueError. IPv4 written as IPv6 is IPv4."""
    return tuple(_as_ipv4(ip_network(text, strict=False)) for text in texts)


@lru_cache(maxsize=4096)
def canonical_address(text: str) -> str:
    """Return an address in its one form: without a port, and IPv4 written as IPv6 as IPv4; UNREADABLE for anything else."""
    parsed = _parsed(text)
    return UNREADABLE if parsed is None else str(parsed)


@lru_cache(maxsize=4096)
def address_group(address: str) -> str:
    """Return what limits count an address as: itself, or the /64 of an IPv6 address, which one caller has whole."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, IPV6_GROUP_BITS), strict=False))
    return UNREADABLE if parsed is None else str(parsed)


def is_kept_out(address: str, *, denied: Iterable[Network], allowed: Iterable[Network]) -> bool:
    """Say whether a channel's rules keep an address out; one that cannot be read is, where there is any rule."""
    denied, allowed = tuple(denied), tuple(allowed)
    if not denied and not allowed:
        return False
    parsed = _parsed(address)
    if parsed is None:
        return True
    return _is_in(parsed, denied) or (bool(allowed) and not _is_in(parsed, allowed))


def _is_in(address: IPv4Address | IPv6Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    if len(text) > LONGEST_ADDRESS:
        return None
    with_port = WITH_PORT.fullmatch(text)
    try:
        parsed = ip_address((with_port[1] or with_port[2]) if with_port else text)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        # A zone names an interface of some machine, so it says nothing about who calls.
        return parsed.ipv4_mapped or (None if parsed.scope_id else parsed)
    return parsed


def _as_ipv4(network: Network) -> Network:
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None or network.prefixlen < 96:  # noqa: PLR2004 - the mapped part of an address (RFC 4291, section 2.5.5.2)
        return network
    return IPv4Network((mapped, network.prefixlen - 96))
