"""Takes a secret out of an answer that passes by, also where it is cut in two by the pieces it arrives in. Pure.

Looked for is the secret as it is, percent-encoded, and as JSON may write it. What a platform does to it beyond that
(Base64, letters turned round) is not found.
"""

from __future__ import annotations

from urllib.parse import quote

BLOT = b"*"


def forms_of(secret: str) -> tuple[bytes, ...]:
    """Return the ways in which a secret may be written, the longest first."""
    encoded = quote(secret, safe="")
    forms = {secret, encoded, encoded.replace("%2F", "%2f").replace("%3D", "%3d"), secret.replace("/", "\\/")}
    return tuple(sorted((form.encode() for form in forms if form), key=len, reverse=True))


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
