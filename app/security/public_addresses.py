"""The guard for addresses that callers supply: only what is public may be connected to, judged on the address itself.

The form of an address is checked where it is accepted, without resolving anything. What its host resolves to is judged
at every connect, once, on the very address that is connected to, so a name that changes its answer gains nothing.
Sources: IANA special-purpose address registries for IPv4 and IPv6; RFC 6890, 6052 (NAT64), 4380 (Teredo), 3056 (6to4),
5214 (ISATAP); WHATWG URL §3.5 "ends in a number" (all read 2026-11-21).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

MAX_LENGTH = 2000
DEFAULT_PORTS = {"http": 80, "https": 443}
FIRST_FREE_PORT = 1024

# Not public, whatever a registry's "globally reachable" column says: nobody takes a result there.
_REFUSED_V4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network, unspecified
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; one cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # one cloud's host agent, on an address that looks public
        "169.254.0.0/16",  # link-local, metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; one cloud's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_UNICAST = ip_network("2000::/3")
_REFUSED_V6 = tuple(
    ip_network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3ffe::/16",  # the 6bone, given back
        "3fff::/20",  # documentation
    )
)
_HOLDING_V4 = (ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96"))
"""IPv4-mapped and NAT64 addresses are as public as the IPv4 address in their last 32 bits."""

_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
_PLAIN = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""Printable ASCII but for blanks, quotes, angle brackets, backslash, ^, `, {, | and }."""

_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*"
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa")


class NotPublicError(ValueError):
    """The address is well formed and names something that is not public."""


def is_public(address: str) -> bool:
    """Say whether an IP address, as a socket reports it, belongs to the public internet."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in _REFUSED_V4)
    return _is_public_v6(parsed)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    bits = int(address)
    if any(address in network for network in _HOLDING_V4):
        return is_public(str(IPv4Address(bits & 0xFFFF_FFFF)))
    if address not in _GLOBAL_UNICAST or any(address in network for network in _REFUSED_V6):
        return False
    return (bits >> 32) & 0xFFFF_FFFF not in _ISATAP


class AddressGuard:
    """Judges addresses that callers supply; `allowed_hosts` (host or host:port, exact) may be private.

    An allowed host may be connected to wherever it resolves to; everything else must be public.
    """

    def __init__(self, allowed_hosts: Iterable[str] = ()):
        self._allowed = frozenset(entry.lower() for entry in allowed_hosts)

    def is_allowed(self, host: str, port: int) -> bool:
        """Say whether the operator lets this host be private."""
        name = f"[{host}]" if ":" in host else host
        known = {host.lower(), name.lower(), f"{name.lower()}:{port}"}
        return not known.isdisjoint(self._allowed)

    def permits(self, host: str, port: int, address: str) -> bool:
        """Say whether a socket for this host may be connected to this IP address."""
        return self.is_allowed(host, port) or is_public(address)

    def check_url(self, url: str) -> None:
        """Judge the form of an address; raises ValueError with a sentence, NotPublicError for what is plainly not public."""
        host, port = _host_and_port(url)
        if self.is_allowed(host, port):
            return
        _check_host(host)
        if port not in DEFAULT_PORTS.values() and port < FIRST_FREE_PORT:
            raise ValueError(f"its port must be 80, 443 or {FIRST_FREE_PORT} and above")


def _host_and_port(url: str) -> tuple[str, int]:
    """Take an address apart; refuses everything that two parsers could read differently."""
    if len(url) > MAX_LENGTH:
        raise ValueError(f"it is longer than {MAX_LENGTH} characters")
    if not _PLAIN.fullmatch(url):
        raise ValueError("it must be plain ASCII without blanks; percent-encode everything else")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("its host or port cannot be read") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError("it must begin with https:// or http://")
    if "@" in parts.netloc or "#" in url:
        raise ValueError("it may hold no user name, password or fragment")
    host = parts.hostname or ""
    odd_brackets = "[" in parts.netloc and ":" not in host
    if not host or odd_brackets or parts.netloc.endswith(":") or port == 0:
        raise ValueError("its host or port cannot be read")
    return host, port if port is not None else DEFAULT_PORTS[parts.scheme]


def _check_host(host: str) -> None:
    try:
        literal = ip_address(host)
    except ValueError:
        _check_name(host)
        return
    if not is_public(str(literal)):
        raise NotPublicError("its address is not public")


def _check_name(host: str) -> None:
    """Refuse names that only look like names (numbers in disguise) and those that can only be local."""
    if not _NAME.fullmatch(host):
        raise ValueError("its host must be a plain name or IP address, without a dot at the end")
    last = host.rpartition(".")[2]
    if _NUMBER.fullmatch(last):
        raise ValueError("its host is a number; write an IPv4 address as four decimal numbers")
    if "." not in host or host.endswith(_LOCAL_NAMES):
        raise NotPublicError("its host is a local name")
