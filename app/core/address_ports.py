"""What a connector may say about the addresses of its channel; the router asks, in web/callbacks."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class SubAddresses(Protocol):
    """Takes callbacks below the address of its channel too: `/webhooks/<channel>/<rest>`.

    The rest is unproven text from outside; most proofs do not cover it.
    """

    address_template: str
    """What a platform's console takes for the rest, such as `$APPID$`; empty where there is no such thing."""

    def takes_address(self, rest: str) -> bool:
        """Say whether an address with this rest is one of the channel's; every other one is not there (404). Pure."""
