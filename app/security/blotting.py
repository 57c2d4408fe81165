"""Takes a secret out of an answer that passes by, also where it is cut in two by the pieces it arrives in. Pure.

Looked for is the secret as it is, percent-encoded, and as JSON may write it. What a platform does to it beyond that
(Base64, letters turned round) is not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

BLOT = b"*"

MOST_ODD = 3
"""Kinds of letters that some writers encode and others leave, such as `/`, `+` and `=`; of more, all are or none."""


def forms_of(secret: str) -> tuple[bytes, ...]:
    """Return the ways in which a secret may be written, the longest first; most secrets have one."""
    odd = sorted({letter for letter in secret if not letter.isalnum() and letter not in "-_.~"})
    choices = [odd] if len(odd) > MOST_ODD else [*_some_of(odd)]
    forms = {secret}
    for chosen in choices:
        for digits in ("02X", "02x"):
            forms.add(_written(secret, {letter: _percent(letter, digits) for letter in chosen}))
            unicode = {letter: f"\\u{ord(letter):{digits.replace('2', '4')}}" for letter in chosen}
            forms |= {_written(secret, unicode), _written(secret, unicode | {"/": "\\/"})}
    return tuple(sorted((form.encode() for form in forms if form), key=len, reverse=True))


def _some_of(letters: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield each choice among letters, none of them first."""
    for number in range(len(letters) + 1):
        yield from combinations(letters, number)


def _percent(letter: str, digits: str) -> str:
    return "".join(f"%{byte:{digits}}" for byte in letter.encode())


def _written(secret: str, by: Mapping[str, str]) -> str:
    return "".join(by.get(letter, letter) for letter in secret)


def exchanged(text: bytes, forms: tuple[bytes, ...], by: bytes) -> bytes:
    """Return a text with something else in place of the secret."""
    for form in forms:
        if form in text:
            text = text.replace(form, by)
    return text


class Blotter:
    """Blots a secret out of a stream and leaves its length as it is; holds back no more than a secret's beginning."""

    def __init__(self, forms: tuple[bytes, ...]):
        self._forms = forms
        self._kept = b""

    def feed(self, piece: bytes) -> bytes:
        """Return what can go on of what has come so far."""
        text = self._kept + piece
        for form in self._forms:
            if form in text:
                text = text.replace(form, BLOT * len(form))
        held = max((_begun(text, form) for form in self._forms), default=0)
        self._kept = text[len(text) - held :]
        return text[: len(text) - held]

    def end(self) -> bytes:
        """Return what was held back: the stream is over, so it is no secret."""
        kept, self._kept = self._kept, b""
        return kept


def _begun(text: bytes, form: bytes) -> int:
    """Return how long the beginning of a form is that a text ends with, 0 for none."""
    for length in range(min(len(form) - 1, len(text)), 0, -1):
        if text.endswith(form[:length]):
            return length
    return 0
