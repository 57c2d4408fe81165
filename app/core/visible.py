"""Text from outside as a terminal may show it: what would steer the terminal is written as its code. Pure."""

from __future__ import annotations

import re
from typing import Final

STEERING: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but tab and line end, other line ends, marks of writing direction, half characters."""


CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters and line ends. Joiners of emoji and wide blanks are none, although Python calls them not printable."""


def is_one_line(text: str) -> bool:
    """Say whether a text has neither line ends nor control characters."""
    return text.isprintable() or CONTROL.search(text) is None


def one_line(text: str) -> str:
    """Return a text on one line, without control characters and with single blanks."""
    return " ".join(CONTROL.sub(" ", text).split())


def visible(text: str) -> str:
    r"""Return a text in which nothing moves, colours or hides what stands beside it: ESC becomes `\u001b`.

    JSON means the same afterwards, because only strings hold such characters, and they may be written so there.
    """
    return text if text.isprintable() else STEERING.sub(_as_code, text)


def visible_line(text: str) -> str:
    """Return a text as one visible line."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _as_code(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
