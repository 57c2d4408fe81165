"""Which addresses a link in a message may lead to."""

from __future__ import annotations

from typing import Final

SCHEMES: Final = ("http://", "https://", "mailto:", "tel:")
LONGEST: Final = 2048
"""Characters; a longer one leaves no room for words, and its words are shown without it."""


def allowed(address: str) -> bool:
    """Say whether a link may lead there: to a page, a mailbox or a telephone, and nowhere else."""
    return len(address) <= LONGEST and address.lower().startswith(SCHEMES) and address.isprintable()
