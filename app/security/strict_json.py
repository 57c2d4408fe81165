"""JSON from outside: one object, UTF-8, bounded nesting, whole numbers exact; every failure is a ValueError.

The sentence of a ValueError names the cause and holds nothing of the content, so it may be shown.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any, NoReturn

from app.core.exact_json import read_json, whole_characters
from app.security.safe_xml import replaced_text

MAX_NESTING = 64
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""A string, or the rest of the input where it never ends; never looks at a byte twice."""
STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""How a bracket changes the level; read as signed bytes, one that closes is -1."""
NO_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))


def parse_json_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in `raw`; raises ValueError for anything else, empty input included."""
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def parse_json(raw: bytes) -> Any:
    """Return the JSON value in `raw`, whatever it is; raises ValueError for anything else, empty input included."""
    if raw.count(b"[") + raw.count(b"{") > MAX_NESTING and _is_too_deep(raw):
        raise ValueError("nested too deeply")
    return read_json(raw)


def parse_json_exactly(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in `raw` as parse_json_object does; a repeated key raises ValueError too.

    Elsewhere the last of two equal keys wins; where ids and tokens are read, that will not do.
    """
    parse_json_object(raw)
    try:
        value: dict[str, Any] = json.loads(
            whole_characters(raw).decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def parse_typed_json(raw: bytes) -> tuple[dict[str, Any], int]:
    """Return a JSON object and how many characters were replaced; raises ValueError.

    For platforms that put what people type into JSON as it is. When nothing else is wrong, line ends inside a text are
    taken as such, and U+FFFD stands for bytes that are no UTF-8 and for other control characters.
    """
    try:
        return parse_json_object(raw), 0
    except ValueError as refusal:
        text, replaced = replaced_text(raw)
        try:
            return parse_json_object(STRING.sub(_without_line_ends, text.encode("utf-8"))), replaced
        except ValueError:
            raise refusal from None


def _without_line_ends(text: re.Match[bytes]) -> bytes:
    return text[0].replace(b"\n", rb"\n").replace(b"\r", rb"\r").replace(b"\t", rb"\t")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _is_too_deep(raw: bytes) -> bool:
    # Brackets inside strings nest nothing: people write them in messages.
    steps = STRING.sub(b"", raw).translate(STEPS, NO_BRACKETS)
    return any(level > MAX_NESTING for level in accumulate(memoryview(steps).cast("b")))
