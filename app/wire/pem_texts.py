"""Texts in which people paste keys and certificates: PEM, also on one line, or bare Base64. Out come a label and DER; nothing is judged."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final

LONGEST_TEXT: Final = 65_536
"""Characters; a file with the roots of a platform has some thousands."""

CERTIFICATE: Final = "CERTIFICATE"
PEM_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*+)-----END \1-----")
FRAME: Final = "-----BEGIN"
BARE: Final = ""
"""The label of what stands there without a frame."""


def read_blocks(text: str) -> list[tuple[str, bytes]]:
    """Return label and DER of every PEM block, or of the one text in Base64; raises ValueError where there is neither."""
    if len(text) > LONGEST_TEXT:
        raise ValueError("too long for a key or a certificate")
    # In an environment file a PEM text stands on one line, with backslash and n for its line ends.
    text = text.replace("\\n", "\n")
    if FRAME not in text:
        return [(BARE, _decoded(text))]
    blocks = [(block[1], _decoded(block[2])) for block in PEM_BLOCK.finditer(text)]
    if not blocks:
        raise ValueError("no whole PEM block")
    return blocks


def _decoded(text: str) -> bytes:
    raw = b64decode("".join(text.split()), validate=True)
    if not raw:
        raise ValueError("an empty text")
    return raw
