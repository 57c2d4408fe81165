"""Which configured values everybody knows: what the simulator and the documentation print, and addresses of this machine.

Only digests of such values are kept, in sample_digests.py; `make example-files` writes that file from what is printed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from app.config.sample_digests import SAMPLE_DIGESTS

CURE = "use the platform's own value or a random one"
BLOCK = re.compile(r"-----BEGIN [A-Z0-9 ]{1,40}+-----([A-Za-z0-9+/=\s]*+)-----END ")


def is_sample(text: str) -> bool:
    """Say whether this is a value that is printed for everybody to read; a key or certificate however its lines are broken."""
    return any(
        hashlib.sha256(each.encode("utf-8", "replace")).hexdigest() in SAMPLE_DIGESTS
        for each in _written(text)
    )


def _written(text: str) -> Iterator[str]:
    """Yield a value as it is, and what is within the lines that frame a key or certificate in PEM."""
    yield text.strip()
    unfolded = text.replace("\\n", "\n")
    for within in BLOCK.findall(unfolded) or [unfolded]:
        yield "".join(within.split())


def sample_faults(table: Mapping[str, Any]) -> list[str]:
    """Say, a sentence for each kind, which keys of a channel table hold a sample or lead to this machine."""
    samples = _keys_with(table, is_sample)
    local = _keys_with(table, leads_to_this_machine)
    faults = []
    if samples:
        faults.append(
            f"{samples}: a sample that the simulator or the documentation prints, so everybody knows it; {CURE}."
        )
    if local:
        faults.append(
            f"{local}: leads to this machine, where only the simulator answers for a platform; "
            "delete the line, or the variable behind it (*_BASE)."
        )
    return faults


def leads_to_this_machine(text: str) -> bool:
    """Say whether this is an http(s) address of a host that is always this machine."""
    try:
        parts = urlsplit(text.strip())
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def _keys_with(table: Mapping[str, Any], holds: Callable[[str], bool]) -> str:
    """Return the keys whose text, or one of whose texts, is of that kind."""
    return ", ".join(key for key, value in table.items() if any(holds(text) for text in _texts(value)))


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a value of a table; lists and tables inside count too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(tuple(value.values()))
    elif isinstance(value, Iterable):
        for each in value:
            yield from _texts(each)
