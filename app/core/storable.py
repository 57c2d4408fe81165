"""Text that every store keeps: no NUL, no half characters, no longer than its column. SQLite alone takes anything."""

from __future__ import annotations

import hashlib
import re
from typing import Final

NOT_KEPT: Final = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT: Final = "\ufffd"


def storable(text: str, longest: int) -> str:
    """Return a text as it can be stored: cut to `longest` characters, U+FFFD for each character that no store keeps."""
    cut = text[:longest]
    return cut if cut.isprintable() else NOT_KEPT.sub(REPLACEMENT, cut)


def storable_key(text: str, longest: int) -> str:
    """Return a text that identifies something as it can be stored: itself, else its digest, which identifies as well."""
    if is_storable(text, longest):
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_storable(text: str, longest: int) -> bool:
    """Say whether a text can be stored exactly as it is."""
    return len(text) <= longest and (text.isprintable() or NOT_KEPT.search(text) is None)
