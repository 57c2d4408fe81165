"""How answers are written: JSON, JSON in a callback or behind a guard, forms. The declared Content-Type is never asked.

Every reader returns one object or raises ValueError; none repairs more than what a provider is known to send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from app.security.strict_json import parse_json_exactly

Read = Callable[[bytes], Mapping[str, Any]]
MOST_FIELDS = 64
NAME_LENGTH = 64
GUARD = "prefix:"
CONTROL_CHARACTERS = bytes(range(0x20))


def compile_readers(parse: tuple[str, ...]) -> Read:
    """Return what reads a body in the first of these forms that it has; raises ValueError for a form that is not known."""
    guards = tuple(each.removeprefix(GUARD).encode() for each in parse if each.startswith(GUARD))
    names = [each for each in parse if not each.startswith(GUARD)]
    if unknown := [name for name in names if name not in READERS]:
        raise ValueError(
            f"parse: {unknown[0]!r} is not known; known are {', '.join(READERS)} and prefix:TEXT"
        )
    readers = [READERS[name] for name in names]

    def read(body: bytes) -> Mapping[str, Any]:
        for guard in guards:
            body = body.strip().removeprefix(guard)
        for reader in readers:
            try:
                return reader(body)
            except (ValueError, RecursionError):
                continue
        raise ValueError("in none of the forms that are read")

    return read


def _json(body: bytes) -> Mapping[str, Any]:
    return parse_json_exactly(body)


def _typed_json(body: bytes) -> Mapping[str, Any]:
    """Read JSON that people's names broke: raw control characters go, what is no UTF-8 is replaced."""
    return parse_json_exactly(body.translate(None, CONTROL_CHARACTERS).decode("utf-8", "replace").encode())


def _jsonp(body: bytes) -> Mapping[str, Any]:
    """Read `callback( {…} );`; a comma before the closing brace is tolerated, because QQ's own page shows one."""
    text = body.strip().removesuffix(b";").rstrip()
    name, bracket, inside = text.partition(b"(")
    if not bracket or not inside.endswith(b")") or not _is_name(name.strip()):
        raise ValueError("no call of a function")
    content = inside[:-1].strip()
    try:
        return parse_json_exactly(content)
    except ValueError:
        shortened = content.removesuffix(b"}").rstrip()
        if not content.endswith(b"}") or not shortened.endswith(b","):
            raise
        return parse_json_exactly(shortened[:-1] + b"}")


def _form(body: bytes) -> Mapping[str, Any]:
    """Read `a=1&b=2`; a page of HTML is none, and neither is a repeated name."""
    pairs = parse_qsl(
        body.strip().decode("utf-8"), strict_parsing=True, keep_blank_values=True, max_num_fields=MOST_FIELDS
    )
    if not pairs or len(dict(pairs)) != len(pairs) or not all(_is_name(name.encode()) for name, _ in pairs):
        raise ValueError("no form")
    return dict(pairs)


def _is_name(name: bytes) -> bool:
    return (
        0 < len(name) <= NAME_LENGTH
        and name.replace(b"_", b"").replace(b".", b"").replace(b"-", b"").isalnum()
    )


def _anything(_body: bytes) -> Mapping[str, Any]:
    """Take a body that says nothing which matters: ending a token is answered with no content by many."""
    return {}


READERS: dict[str, Read] = {
    "json": _json,
    "typed-json": _typed_json,
    "jsonp": _jsonp,
    "form": _form,
    "anything": _anything,
}
