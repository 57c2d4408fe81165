"""Forms whose sorted pairs are signed, as bytes: read once, strictly, before anything is decoded as text. Pure.

Platforms sign the bytes in their own charset, so nothing is decoded before it is proven. A repeated name is refused,
because parsers disagree which one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from app.core.errors import VerificationError

MOST_PAIRS: Final = 500


def read_signed_form(body: bytes) -> dict[bytes, bytes]:
    """Return the pairs of a form, percent-decoded once; raises VerificationError."""
    if body.count(b"&") >= MOST_PAIRS:
        raise VerificationError("unreadable_body", f"The form has more than {MOST_PAIRS} fields.")
    pairs: dict[bytes, bytes] = {}
    for piece in body.split(b"&"):
        raw_name, equals, raw_value = piece.partition(b"=")
        name = _decoded(raw_name)
        if not equals or not name:
            raise VerificationError("unreadable_body", "The body is no form, and this platform sends forms.")
        if name in pairs:
            raise VerificationError(
                "duplicate_parameter", "A field comes twice; a proxy or another program may have added one."
            )
        pairs[name] = _decoded(raw_value)
    return pairs


def sorted_pairs(
    pairs: Mapping[bytes, bytes], *, without: Iterable[bytes], drop_empty: bool = False
) -> bytes:
    """Return `name=value` of all fields but those of `without`, sorted by the bytes of the name and joined by `&`."""
    left_out = frozenset(without)
    return b"&".join(
        b"%b=%b" % (name, pairs[name])
        for name in sorted(pairs)
        if name not in left_out and (pairs[name] or not drop_empty)
    )


def sorted_text(fields: Mapping[str, str]) -> str:
    """Return `name=value` of all fields, sorted by the name and joined by `&`, as calls and answers are signed."""
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields))


def form_text(pairs: Mapping[bytes, bytes], codec: str = "utf-8") -> dict[str, str]:
    """Return the pairs as text; raises ValueError for bytes that are none in this charset."""
    return {name.decode(codec): value.decode(codec) for name, value in pairs.items()}


def text_of(pairs: Mapping[bytes, bytes], name: bytes) -> str | None:
    """Return one value as text for comparing, None when the field is absent."""
    value = pairs.get(name)
    return None if value is None else value.decode("utf-8", "replace")


def _decoded(piece: bytes) -> bytes:
    return unquote_to_bytes(piece.replace(b"+", b" "))
