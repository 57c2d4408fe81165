"""JSON from outside: one object, UTF-8, bounded nesting; every failure is a ValueError."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import orjson

MAX_NESTING = 64
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""A string, or the rest of the input where it never ends; never looks at a byte twice."""


def parse_json_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in `raw`; raises ValueError for anything else, empty input included."""
    if raw.count(b"[") + raw.count(b"{") > MAX_NESTING and _nesting(raw) > MAX_NESTING:
        raise ValueError("nested too deeply")
    value = orjson.loads(raw)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def parse_json_exactly(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in `raw` with every integer exact; raises ValueError, also for a repeated key.

    The fast parser turns integers beyond 64 bits into floats and lets the last of two equal keys win; where ids
    and tokens are read, neither will do. It still goes first, because it is the stricter one about text.
    """
    parse_json_object(raw)
    try:
        value: dict[str, Any] = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _nesting(raw: bytes) -> int:
    deepest = level = 0
    # Brackets inside strings nest nothing: people write them in messages.
    for byte in STRING.sub(b"", raw):
        if byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest
