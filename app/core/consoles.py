"""A platform's own console: its address, which of its fields takes which of our addresses, and where its keys are copied from.

Data of the platforms, shown on set-up pages. Where the facts are from stands on the platform's page in docs/platforms/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, runtime_checkable

Value = Literal["callback_url", "accounts_url", "redirect_uri", "host", "base_url"]
"""What is entered: an address of the channel, or the host or the whole address of the gateway."""


class Entry(NamedTuple):
    """One field of the console, as the console calls it; in `english` where the console itself is Chinese."""

    page: str
    english: str
    takes: Value | None = None
    """What of ours is entered there; None where the keys are copied from there."""
    keys: tuple[str, ...] = ()
    """The keys of the channel that are copied from there, or chosen there and written on both sides."""


@dataclass(frozen=True, slots=True)
class Console:
    """Where a platform's application is set up.

    `address` may be a name where there is no address for everybody, or empty. `address_end` must stand behind the callback
    address there, `<key>` for the value of a key.
    """

    address: str
    entries: tuple[Entry, ...] = ()
    checks_address: bool = False
    """Whether the platform sends a set-up request as soon as the address is saved."""
    address_end: str = ""


@runtime_checkable
class ConsoleSource(Protocol):
    """Knows the console of its own channel, where that depends on the channel (a described login)."""

    @property
    def console(self) -> str:
        """Return the page where the return address is entered, and the way there."""
