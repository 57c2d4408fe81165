"""Where a text may be cut without breaking what a person sees as one sign.

Extended grapheme clusters as in Unicode Standard Annex #29 (revision 45, read 2026-11-28), by the categories of
`unicodedata`. Where those are coarser than the annex, two signs stay together that could be parted, never the other way round.
"""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST: Final = 64
"""Code points of one cluster; a letter with hundreds of marks is cut all the same."""

JOINER: Final = "\u200d"
PREPENDED: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
VIRAMA: Final = 9
"""Combining class of the sign that joins two consonants of an Indic script into one."""


def last_boundary(text: str, at: int) -> int:
    """Return the last place at or before `at` where a text may be cut: 0 and its end always are one."""
    if at >= len(text):
        return len(text)
    place = at
    while place > 0 and at - place < LONGEST and not _is_boundary(text, place):
        place -= 1
    return at if at - place >= LONGEST else place


def _is_boundary(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before < "\u0300" and after < "\u0300":
        return True
    if _extends(after) or before == JOINER or before in PREPENDED:
        return False
    if unicodedata.combining(before) == VIRAMA and unicodedata.category(after) == "Lo":
        return False
    if _is_flag_half(before) and _is_flag_half(after):
        return _flag_halves_before(text, at) % 2 == 0
    return not _same_syllable(before, after)


def _extends(sign: str) -> bool:
    """Say whether a sign belongs to the one before: marks, joiners, skin tones, tags of flags."""
    return (
        unicodedata.category(sign) in {"Mn", "Me", "Mc"}
        or sign in {JOINER, "\u200c"}
        or "\U0001f3fb" <= sign <= "\U0001f3ff"
        or "\U000e0020" <= sign <= "\U000e007f"
        or sign in {"\uff9e", "\uff9f", "\u0e33", "\u0eb3"}
    )


def _is_flag_half(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


def _flag_halves_before(text: str, at: int) -> int:
    start = at
    while start > 0 and _is_flag_half(text[start - 1]):
        start -= 1
    return at - start


def _same_syllable(before: str, after: str) -> bool:
    """Say whether two pieces of Hangul are one syllable: L with L, V or a syllable, V with V or T, T with T."""
    first, second = _hangul(before), _hangul(after)
    if first == "L":
        return second in {"L", "V", "LV", "LVT"}
    if first in {"V", "LV"}:
        return second in {"V", "T"}
    return first in {"T", "LVT"} and second == "T"


def _hangul(sign: str) -> str:
    if "\u1100" <= sign <= "\u115f" or "\ua960" <= sign <= "\ua97c":
        return "L"
    if "\u1160" <= sign <= "\u11a7" or "\ud7b0" <= sign <= "\ud7c6":
        return "V"
    if "\u11a8" <= sign <= "\u11ff" or "\ud7cb" <= sign <= "\ud7fb":
        return "T"
    if "\uac00" <= sign <= "\ud7a3":
        return "LV" if (ord(sign) - 0xAC00) % 28 == 0 else "LVT"
    return ""
