"""The text of one member of a JSON object, as it stands in the body: some providers sign that text and not the whole. Pure."""

from __future__ import annotations

import json
from typing import Final

BLANKS: Final = " \t\r\n"


def member_text(body: bytes, name: str) -> str:
    """Return the text of one member of a JSON object exactly as it stands in the body; raises ValueError.

    The body must have been read as JSON before, which bounds its nesting and refuses repeated names.
    """
    text, decoder = body.decode("utf-8"), json.JSONDecoder()
    position = _behind_blanks(text, 0) + 1
    while True:
        key, position = decoder.raw_decode(text, _behind_blanks(text, position))
        start = _behind_blanks(text, _behind_blanks(text, position) + 1)
        _, end = decoder.raw_decode(text, start)
        if key == name:
            return text[start:end]
        position = _behind_blanks(text, end) + 1


def _behind_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in BLANKS:
        position += 1
    return position
