"""JSON read and written without a change to what it says: whole numbers of any size, half characters, odd results.

The fast library turns whole numbers beyond 64 bits into floats and refuses to write them. It goes first; the slow way
is taken only where there are digits or half characters that it cannot carry. No limits on nesting live here
(app/security/strict_json.py has them), and nothing here knows what the JSON means.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple, NoReturn

import orjson

MOST_DIGITS = 4300
"""Python reads no whole number with more; the time for it grows with the square of the digits."""

DEEPEST = 250
"""Levels of a handler's result that are kept; the fast library gives up there too."""

MOST_TOLD = 10
"""How many of the values that were left out are named."""

REPLACEMENT = "\ufffd"

_DIGITS = bytes(ord("0") if byte in b"0123456789" else byte for byte in range(256))
_TOO_LONG = b"0" * 20
_TOO_LONG_BELOW_ZERO = b"-" + b"0" * 19
"""Whole numbers with fewer digits fit into 64 bits, and the fast library reads those exactly."""

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""One escape after the other, a pair of halves as one; the group is a half that stands alone."""

_HALF = re.compile("[\ud800-\udfff]")


class Written(NamedTuple):
    """A handler's result as JSON, and where something had to be left out of it, such as `$.total`."""

    raw: bytes
    left_out: tuple[str, ...] = ()


def read_json(raw: bytes) -> Any:
    """Return the value in JSON text, whole numbers exact; raises ValueError.

    JSON may name one half of a character that takes two (a cut emoji). No text can hold it, so U+FFFD stands in its
    place.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return _read_odd(raw, error)
    return _read_exactly(raw) if _has_long_number(raw) else value


def whole_characters(raw: bytes) -> bytes:
    """Return JSON text with every escape of half a character replaced; all else stays as it is."""
    return _ESCAPE.sub(_replaced, raw) if b"\\ud" in raw or b"\\uD" in raw else raw


def write_json(value: Any) -> bytes:
    """Return a value of JSON as text, whole numbers of any size included; raises TypeError for anything else."""
    try:
        return orjson.dumps(value)
    except TypeError as refusal:
        try:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        except (ValueError, RecursionError):
            raise refusal from None
        return _HALF.sub(REPLACEMENT, text).encode("utf-8")


def write_result(value: Any) -> Written:
    """Return what a handler returned as JSON, whatever it is; what JSON cannot say becomes null and is named."""
    try:
        raw = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
    except Exception:  # noqa: BLE001 - objects write themselves with code of their own
        return _write_slowly(value)
    # The fast library writes null for a number that is none (NaN), without a word.
    return Written(raw, _write_slowly(value).left_out if b"null" in raw else ())


def _has_long_number(raw: bytes) -> bool:
    digits = raw.translate(_DIGITS)
    return _TOO_LONG in digits or _TOO_LONG_BELOW_ZERO in digits


def _read_odd(raw: bytes, refusal: ValueError) -> Any:
    whole = whole_characters(raw)
    if _has_long_number(whole):
        return _read_exactly(whole)
    if whole == raw:
        raise refusal
    return orjson.loads(whole)


def _read_exactly(raw: bytes) -> Any:
    """Read with the standard library, which is as strict once constants and infinite numbers are refused."""
    try:
        text = whole_characters(raw).decode("utf-8")
        return json.loads(text, parse_constant=_refuse, parse_float=_finite, parse_int=_whole_number)
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _whole_number(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number has more than {MOST_DIGITS} digits")
    return int(text)


def _replaced(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]


def _write_slowly(value: Any) -> Written:
    left_out: list[str] = []
    plain = _plain(value, "$", (), left_out)
    raw = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")
    return Written(raw, tuple(left_out[:MOST_TOLD]))


def _plain(value: Any, path: str, above: tuple[int, ...], left_out: list[str]) -> Any:
    """Return a value in JSON's own types; where there is no way, None, and its path is added to `left_out`."""
    if isinstance(value, str):
        return _HALF.sub(REPLACEMENT, value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value, path, left_out)
    if id(value) in above or len(above) >= DEEPEST:
        left_out.append(path)
        return None
    inside = (*above, id(value))
    if isinstance(value, list | tuple):
        return [_plain(item, f"{path}[{place}]", inside, left_out) for place, item in enumerate(value)]
    named = _named(value)
    if named is None:
        return _foreign(value, path, left_out)
    return {name: _plain(item, f"{path}.{name}", inside, left_out) for name, item in named.items()}


def _number(value: int | float, path: str, left_out: list[str]) -> int | float | None:
    is_writable = abs(value) < 10**MOST_DIGITS if isinstance(value, int) else math.isfinite(value)
    if is_writable:
        return value
    left_out.append(path)
    return None


def _named(value: Any) -> dict[str, Any] | None:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if not isinstance(value, Mapping):
        return None
    return {_HALF.sub(REPLACEMENT, _name(key)): item for key, item in value.items()}


def _name(key: Any) -> str:
    if isinstance(key, str):
        return key
    try:
        [name] = orjson.loads(orjson.dumps({key: None}, default=str, option=orjson.OPT_NON_STR_KEYS))
    except Exception:  # noqa: BLE001 - a key that cannot be written is called by its type
        return type(key).__name__
    return str(name)


def _foreign(value: Any, path: str, left_out: list[str]) -> Any:
    """Return what the fast library makes of a time, an id or an object of somebody's own: its text."""
    try:
        return orjson.loads(orjson.dumps(value, default=str))
    except Exception:  # noqa: BLE001 - objects write themselves with code of their own
        left_out.append(path)
        return None
