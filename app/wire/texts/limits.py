"""How long a text is in the unit that a channel counts in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import orjson

Unit = Literal["bytes", "characters", "utf16", "json_bytes"]

MEASURES: Final[Mapping[str, Callable[[str], int]]] = MappingProxyType(
    {
        "bytes": lambda text: len(text.encode()),
        "characters": len,
        "utf16": lambda text: len(text.encode("utf-16-le")) // 2,
        "json_bytes": lambda text: len(orjson.dumps(text)),
    }
)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` units in one part, of which `reserve` are kept free for what a sender adds itself.

    `characters` are code points, `utf16` counts an emoji as two, `json_bytes` is the size as a JSON string in raw UTF-8
    with its quotes.
    """

    unit: Unit
    most: int
    reserve: int = 0

    def holds(self, text: str) -> bool:
        """Say whether a text fits."""
        return MEASURES[self.unit](text) <= self.most - self.reserve
