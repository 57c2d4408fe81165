"""Addresses of keys that a request names itself, which is what an attacker writes too: only those below a known prefix are called.

A prefix is scheme, host and the beginning of a path, always with the slash after the host, so no user name, port or other
host fits behind it. `<region>` in it stands for one of a closed list of regions: in clouds where everybody may name a bucket,
a free part of a host would be anybody's. Pure; who calls is app/wire/named_keys.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator

from app.config.platform_settings import Texts
from app.config.samples import leads_to_this_machine
from app.core.errors import VerificationError
from app.security.outbound import origin_of

REGION: Final = "<region>"
LONGEST_ADDRESS: Final = 500
REST: Final = re.compile(r"\.?[A-Za-z0-9_-]++(?:[./][A-Za-z0-9_-]++)*+")
"""What may follow a prefix: names of folders and files, neither empty nor `..`, and no query."""

WORD: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def check_prefix(text: str) -> str:
    """Return a prefix as it may stand in settings; raises ValueError with what it must be."""
    sample = text.replace(REGION, "region")
    origin_of(sample)
    parts = urlsplit(sample)
    if not parts.path or parts.query or parts.fragment:
        raise ValueError("it must have a path, at least the slash after the host, and nothing behind it")
    if text.count(REGION) > 1 or REGION in urlsplit(text).path:
        raise ValueError(f"{REGION} may stand once, in the host")
    return text


def check_region(text: str) -> str:
    """Return the name of a region; raises ValueError for what cannot be one."""
    if not WORD.fullmatch(text):
        raise ValueError("a region is a word such as cn-hangzhou")
    return text


def _prefixes(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(check_prefix(each) for each in values)


def _regions(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(check_region(each) for each in values)


Prefixes = Annotated[Texts, AfterValidator(_prefixes)]
Regions = Annotated[Texts, AfterValidator(_regions)]


@dataclass(frozen=True)
class KeyAddresses:
    """The addresses below which a channel believes keys; `regions` fill `<region>`, `rest` is what may follow a prefix.

    `refusal` is the reason under which the platform's page explains a refused address.
    """

    prefixes: tuple[str, ...]
    regions: tuple[str, ...] = ()
    rest: re.Pattern[str] = REST
    refusal: str = "bad_key_address"
    _known: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Write out every prefix once, when the channel is opened."""
        object.__setattr__(self, "_known", tuple(self._written_out()))

    def _written_out(self) -> Iterable[str]:
        for prefix in self.prefixes:
            if REGION in prefix:
                yield from (prefix.replace(REGION, region) for region in self.regions)
            else:
                yield prefix

    @property
    def origins(self) -> frozenset[str]:
        """The origins that may be called."""
        return frozenset(origin_of(safe_address(prefix)) for prefix in self._known)

    def judged(self, address: str) -> str:
        """Return the address to call for a key; raises VerificationError for one that is nobody's we know."""
        for prefix in self._known:
            if len(address) <= LONGEST_ADDRESS and address.startswith(prefix):
                if self.rest.fullmatch(address, len(prefix)):
                    return safe_address(address)
                break
        raise VerificationError(
            self.refusal,
            f"The request says that its key is at {address[:200]!r}, which is not an address where this platform keeps its keys.",
        )


def safe_address(address: str) -> str:
    """Return the address with https, whatever the request wrote; a simulator on this machine keeps its http."""
    if leads_to_this_machine(address) or not address.startswith("http://"):
        return address
    return "https://" + address.removeprefix("http://")
