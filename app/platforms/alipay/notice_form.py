"""The form that a notification is, as bytes: pairs, what of them is signed, and their text once they are proven. Pure.

Source: Alipay's page on asynchronous notifications (open/203/105286) and the verification code of its SDKs (read 2026-11-27).
Alipay signs the bytes in the notification's own charset. Libraries that decode a form as UTF-8 first lose every GBK notification,
so nothing is decoded before it is proven. A repeated name is refused, because parsers disagree which one counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

MOST_PAIRS: Final = 500
NOT_SIGNED: Final = frozenset({b"sign", b"sign_type"})
CODECS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb18030": "gb18030",
}
"""gb18030 reads all that the two older ones can say."""


def read_form(body: bytes) -> dict[bytes, bytes]:
    """Return the pairs of a form, decoded once and to bytes; raises ValueError, `repeated` for a name that comes twice."""
    if body.count(b"&") >= MOST_PAIRS:
        raise ValueError(f"more than {MOST_PAIRS} parameters")
    pairs: dict[bytes, bytes] = {}
    for piece in body.split(b"&"):
        raw_name, equals, raw_value = piece.partition(b"=")
        name = _decoded(raw_name)
        if not equals or not name:
            raise ValueError("not a form")
        if name in pairs:
            raise RepeatedName
        pairs[name] = _decoded(raw_value)
    return pairs


class RepeatedName(ValueError):
    """A parameter comes twice."""

    def __init__(self) -> None:
        super().__init__("a parameter comes twice")


def signed_content(pairs: Mapping[bytes, bytes]) -> bytes:
    """Return what Alipay signs: every pair but two, unknown and empty ones too, sorted by name."""
    return b"&".join(b"%b=%b" % (name, pairs[name]) for name in sorted(pairs) if name not in NOT_SIGNED)


def read_text(pairs: Mapping[bytes, bytes]) -> dict[str, str]:
    """Return the pairs as text in the charset they name (UTF-8 if none); raises ValueError."""
    charset = pairs.get(b"charset", b"utf-8").decode("ascii", "replace").lower()
    codec = CODECS.get(charset)
    if codec is None:
        raise ValueError(f"the charset {charset[:20]!r} is none of {', '.join(CODECS)}")
    try:
        return {name.decode(codec): value.decode(codec) for name, value in pairs.items()}
    except UnicodeDecodeError as error:
        raise ValueError(f"the bytes are no {charset}") from error


def _decoded(piece: bytes) -> bytes:
    return unquote_to_bytes(piece.replace(b"+", b" "))
