"""One finding of the doctor: how something stands, a sentence about it, and the cure. Templates, so that pages can translate them.

docs/troubleshooting.md has a section for each of NAMES.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["ok", "warn", "wrong", "not_tried"]

NAMES = (
    "configuration",
    "database",
    "tables",
    "disk",
    "clock",
    "port",
    "broker",
    "counters",
    "https",
    "public_address",
    "callback_addresses",
    "proxies",
    "channel",
    "platform",
    "egress_address",
    "signatures",
    "allowed_addresses",
    "wrong_address",
    "signed_time",
    "console",
)
"""What is looked at, in this order; the last eight for each channel."""


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing stands. `sentence` and `cure` are fixed texts with %(places)s for `values`; `about` is the channel, where there is one."""

    name: str
    state: State
    sentence: str
    cure: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""

    def told(self, translate: Callable[[str], str] = _as_it_is) -> str:
        """Return the sentence with its values."""
        return translate(self.sentence) % self.values

    def advice(self, translate: Callable[[str], str] = _as_it_is) -> str:
        """Return the cure with its values, empty where nothing is to be done."""
        return translate(self.cure) % self.values if self.cure else ""

    def as_dict(self) -> dict[str, str]:
        """Return what a program reads."""
        return {
            "name": self.name,
            "channel": self.about,
            "state": self.state,
            "sentence": self.told(),
            "cure": self.advice(),
        }
