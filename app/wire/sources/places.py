"""Where a value stands: `header:X-Signature`, `json:event.type`, alternatives with `|`, several parts with ` + `.

A place is compiled once to a function of the delivery; it returns bytes, or None where there is no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from app.core.errors import VerificationError
from app.security.signatures import sha256_hex, wire_bytes
from app.security.strict_json import parse_json
from app.wire.sources.delivery import Delivery, as_bytes, only

Getter = Callable[[Delivery], bytes | None]

SOURCES = (
    "header", "query", "form", "params", "json", "xml", "item", "claim", "setting", "const", "first_key",
    "given", "sha256",
)  # fmt: skip
WORDS = ("body", "body_sha256", "path", "slash_path", "method")
PART = re.compile(r"@(\S)(\d{1,2})$")
STEP = re.compile(r"([^.()\[\]]{1,80})(\(json\))?(\[\])?|(\[\])")
SETTING = re.compile(r"<([a-z][a-z0-9_]{0,40})>")
MOST_STEPS = 12


def places_of(text: str) -> list[list[str]]:
    """Return alternatives of parts; one without a source of its own has that of the one before. Raises ValueError."""
    source, found = "", []
    for alternative in text.split("|"):
        parts = []
        for part in alternative.split(" + "):
            name, colon, rest = part.strip().partition(":")
            if name in WORDS and not colon:
                parts.append(name)
                continue
            if colon and name in SOURCES:
                source, written = name, rest
            elif source:
                written = part.strip()
            else:
                raise ValueError(f"{part.strip()!r} is no place; it begins with one of {', '.join(SOURCES)}, "
                                 f"or is one of {', '.join(WORDS)}")  # fmt: skip
            parts.append(f"{source}:{written}")
        found.append(parts)
    return found


def compile_places(text: str, joined_by: bytes = b":") -> Getter:
    """Return what finds the first alternative that has all its parts; raises ValueError."""
    alternatives = [[compile_place(part) for part in parts] for parts in places_of(text)]
    if len(alternatives) == 1 and len(alternatives[0]) == 1:
        return alternatives[0][0]
    return partial(_first, alternatives, joined_by)


def _first(alternatives: Sequence[Sequence[Getter]], joined_by: bytes, delivery: Delivery) -> bytes | None:
    for parts in alternatives:
        if len(parts) == 1:
            value = parts[0](delivery)
            if value is not None:
                return value
            continue
        values = [value for value in (part(delivery) for part in parts) if value is not None]
        if len(values) == len(parts):
            return joined_by.join(value for value in values if value)
    return None


def compile_place(text: str) -> Getter:
    """Return what finds one place, such as `json:data.id` or `header:SignKeyInfo@/2`; raises ValueError."""
    if (cut := PART.search(text)) is not None:
        whole = compile_place(text[: cut.start()])
        return partial(_part_of, whole, cut[1].encode("utf-8"), int(cut[2]))
    source, _, name = text.partition(":")
    if text in WORDS:
        return _WORDS[text]
    if source not in SOURCES:
        raise ValueError(f"{source!r} is no source of values; allowed are {', '.join(SOURCES)}")
    if not name:
        raise ValueError(f"{text!r} names nothing after the colon")
    if (setting := SETTING.fullmatch(name)) is not None:
        return partial(_named_by_setting, source, setting[1])
    return _of_source(source, name)


def _of_source(source: str, name: str) -> Getter:
    if source in ("query", "form", "params"):
        return _of_pairs(source, name)
    if source in ("json", "xml"):
        steps = _steps(name)
        is_field = source == "json" and len(steps) == 1 and steps[0] == (name, False)
        return partial(_json_field, name, steps) if is_field else partial(_of_tree, source, steps)
    return _SIMPLE[source](name)


def _of_pairs(source: str, name: str) -> Getter:
    field, embedded, path = name.partition("(json)")
    raw = field.encode("utf-8")
    steps = _steps(path.removeprefix(".")) if embedded else ()

    def found(delivery: Delivery) -> bytes | None:
        pairs = {"query": "query", "form": "form", "params": "parameters"}[source]
        value = only(getattr(delivery, pairs), raw)
        return value if value is None or not steps else as_bytes(_walk(_read(value), steps, None))

    return found


def _given(name: str) -> Getter:
    """Return empty text where a setting has a value: the alternative it stands in is for channels that have it."""
    return lambda delivery: b"" if delivery.settings.get(name) else None


def _sha256(places: str) -> Getter:
    getters = [compile_place(place) for place in places.split(",")]

    def found(delivery: Delivery) -> bytes | None:
        values = [get(delivery) for get in getters]
        return None if None in values else sha256_hex(b"\n".join(filter(None, values))).encode()

    return found


def _const(name: str) -> Getter:
    raw = name.encode("utf-8")
    return lambda _: raw


def _setting(name: str) -> Getter:
    return lambda delivery: delivery.settings.get(name, "").encode("utf-8") or None


def _named_by_setting(source: str, setting: str, delivery: Delivery) -> bytes | None:
    name = delivery.settings.get(setting, "")
    return _of_source(source, name)(delivery) if name else None


def _part_of(whole: Getter, separator: bytes, number: int, delivery: Delivery) -> bytes | None:
    value = whole(delivery)
    parts = [] if value is None else value.split(separator)
    return parts[number] or None if number < len(parts) else None


def _header(name: str) -> Getter:
    wanted = name.lower()

    def found(delivery: Delivery) -> bytes | None:
        values = [value for key, value in delivery.request.headers if key.lower() == wanted]
        if len(values) == 1:
            return wire_bytes(values[0]) or None
        return delivery.header(name)

    return found


def _body_sha256(delivery: Delivery) -> bytes | None:
    return b"sha256:" + sha256_hex(delivery.body).encode() if delivery.body else None


def _body(delivery: Delivery) -> bytes | None:
    return delivery.body or None


def _path(delivery: Delivery) -> bytes | None:
    return delivery.path_rest().encode("utf-8", "replace") or None


def _slash_path(delivery: Delivery) -> bytes:
    """Return what follows the channel, with its slash; where nothing does, the path of the address the sender knows."""
    rest = delivery.path_rest().encode("utf-8", "replace")
    return b"/" + (rest or delivery.url(with_query=False).partition(b"://")[2].partition(b"/")[2])


def _method(delivery: Delivery) -> bytes:
    return delivery.request.method.encode("ascii", "replace")


def _item(name: str) -> Getter:
    """Return what finds the part of the signature's own text that has this position, or this name."""
    if name.isdecimal():
        position = int(name)
        return lambda delivery: delivery.parts[position] or None if position < len(delivery.parts) else None
    return partial(_named_item, name, name.encode("utf-8") + b"=")


def _named_item(name: str, start: bytes, delivery: Delivery) -> bytes | None:
    found = [part for part in delivery.parts if part.startswith(start)]
    if len(found) > 1:
        raise VerificationError("duplicate_item", f"The signature holds {name} {len(found)} times.")
    return _unquoted(found[0][len(start) :]) or None if found else None


def _unquoted(value: bytes) -> bytes:
    return value[1:-1] if len(value) > 1 and value[:1] == value[-1:] == b'"' else value


def _claim(steps: Steps, delivery: Delivery) -> bytes | None:
    return None if delivery.claims is None else as_bytes(_walk(delivery.claims, steps, None))


def _first_key(left_out: frozenset[str], delivery: Delivery) -> bytes | None:
    value = delivery.json
    names = value if isinstance(value, dict) else {}
    return next((name.encode("utf-8", "replace") for name in names if name not in left_out), None)


def _json_field(name: str, steps: Steps, delivery: Delivery) -> bytes | None:
    """Find text on the first level, where most keys and types stand; all else goes the long way."""
    tree = delivery.json
    value = tree.get(name) if isinstance(tree, dict) else None
    if isinstance(value, str):
        return value.encode("utf-8", "replace") or None
    return as_bytes(_walk(tree, steps, delivery.element))


def _of_tree(source: str, steps: Steps, delivery: Delivery) -> bytes | None:
    tree = delivery.json if source == "json" else delivery.xml
    return as_bytes(_walk(tree, steps, delivery.element))


Steps = tuple[tuple[str, bool], ...]
"""Names with whether the value there is JSON in a text; an empty name is the current element."""


def _steps(path: str) -> Steps:
    steps: list[tuple[str, bool]] = []
    for piece in path.split("."):
        match = STEP.fullmatch(piece)
        if match is None:
            raise ValueError(
                f"{path!r} is no path; names joined by points, [] for each element, (json) for JSON in a text"
            )
        if match[3] or match[4]:
            # What stands before the brackets names the list, which `split` has taken apart already.
            steps = [("", False)]
        else:
            steps.append((match[1], bool(match[2])))
    if len(steps) > MOST_STEPS:
        raise ValueError(f"{path!r} has more than {MOST_STEPS} steps")
    return tuple(steps)


def _walk(value: Any, steps: Steps, element: Any) -> Any:
    for name, is_embedded in steps:
        if not name:
            value = element
            continue
        if isinstance(value, list):
            value = value[int(name)] if name.isdecimal() and int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
        if is_embedded:
            value = _read(value.encode("utf-8", "replace")) if isinstance(value, str) else None
    if isinstance(value, dict):
        return value.get("#text")
    return value


def _read(raw: bytes) -> Any:
    try:
        return parse_json(raw)
    except ValueError:
        return None


_WORDS: dict[str, Getter] = {
    "body": _body,
    "body_sha256": _body_sha256,
    "path": _path,
    "slash_path": _slash_path,
    "method": _method,
}

_SIMPLE: dict[str, Callable[[str], Getter]] = {
    "header": _header,
    "item": _item,
    "claim": lambda name: partial(_claim, _steps(name)),
    "first_key": lambda name: partial(_first_key, frozenset(name.split(","))),
    "const": _const,
    "given": _given,
    "sha256": _sha256,
    "setting": _setting,
}


def walk(value: Any, path: str) -> Any:
    """Return what stands at a path of names joined by points; an empty path is the value itself."""
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value
