"""The Chinese of a sentence that has something filled in: which sentence it was, and what stood in its places.

A refusal is kept with its login as one text (a repeated return gets it again), so its language is chosen where it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from app.wire.logins.hints import COMPOSED, HINTS, Hint

_PLACE = re.compile(r"\{([a-z_]+)\}")
LONGEST = 2000
"""Characters of a message that is looked at."""


def in_chinese(message: str, name_of: Callable[[str], str]) -> str | None:
    """Return a described login's refusal in Chinese, None when it is none; `name_of` translates the provider's name."""
    if len(message) > LONGEST:
        return None
    for hint, pieces, names in SENTENCES:
        values = _values(message, pieces)
        if values is None:
            continue
        said: dict[str, str] = {}
        if all(said.setdefault(name, value) == value for name, value in zip(names, values, strict=True)):
            return hint.sentence_zh.format(**said | _translated(said, name_of))
    return None


def _translated(said: Mapping[str, str], name_of: Callable[[str], str]) -> dict[str, str]:
    return {"name": name_of(said["name"])} if "name" in said else {}


def _values(message: str, pieces: list[str]) -> list[str] | None:
    """Return what stands between the fixed pieces of a sentence, None when it is another one."""
    first, *rest = pieces
    if not message.startswith(first):
        return None
    at, values = len(first), []
    for number, piece in enumerate(rest, start=1):
        is_last = number == len(rest)
        end = (
            message.rfind(piece)
            if is_last and piece
            else len(message)
            if is_last
            else message.find(piece, at)
        )
        if end < at or (is_last and end + len(piece) != len(message)):
            return None
        values.append(message[at:end])
        at = end + len(piece)
    return values if at == len(message) else None


def _split(hint: Hint) -> tuple[Hint, list[str], list[str]]:
    parts = _PLACE.split(hint.sentence)
    return hint, parts[::2], parts[1::2]


SENTENCES = [_split(hint) for hint in (*HINTS.values(), *COMPOSED.values())]
