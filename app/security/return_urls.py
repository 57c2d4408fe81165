"""Where a login may return to: a local path, or an address below one of the configured RETURN_URLS.

Nothing is normalised; letters beyond ASCII are written as browsers write them, encoded once. An address that two parsers
could read differently is refused, whatever it was meant to be.
Background: RFC 9700 §4.11 (open redirection); WHATWG URL, which browsers follow (both read 2026-11-20).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode, urlsplit

from app.core.errors import RequestError

MAX_LENGTH = 2000

# Printable ASCII but for blanks, quotes, angle brackets, backslash, ^, `, {, | and }, which no address needs raw.
_PLAIN = re.compile(r"[!#-;=?-\[\]_a-z~]+")
_ODD_IN_PATH = re.compile(r"//|%(?:2[ef]|5c|[01][0-9a-f]|7f)|%(?![0-9a-f]{2})", re.IGNORECASE)
# Characters that look like a slash or backslash and stay what they are in every normal form of Unicode.
_LIKE_A_SLASH = "\u2044\u2215\u2571\u29f5\u29f8"
_DOT_SEGMENT = re.compile(r"/\.{1,2}(?:/|$)")
_REST = re.compile(r"[?#]")
_ADDRESS = re.compile(r"(https?://[^/?#@\[\]\\]+)([/?#].*)?")


def checked_return_url(text: str, allowed: Iterable[str], *, name: str = "next") -> str:
    """Return the address as it goes into a header when a login may return to it; raises RequestError."""
    if not is_safe_return_url(text, allowed):
        raise RequestError(
            "bad_return_url",
            f"{name} must be a path on this gateway, or an address below one of RETURN_URLS; it is taken literally.",
        )
    return in_ascii(text)


def in_ascii(text: str) -> str:
    """Return an address whose letters beyond ASCII are encoded once; what is encoded already stays as it is."""
    return "".join(char if char.isascii() else quote(char) for char in text)


def with_parameters(address: str, parameters: Mapping[str, str]) -> str:
    """Return a judged address with more parameters in its query."""
    before, mark, fragment = address.partition("#")
    joint = "&" if "?" in before else "?"
    return f"{before}{joint}{urlencode(parameters)}{mark}{fragment}"


def is_safe_return_url(text: str, allowed: Iterable[str]) -> bool:
    """Say whether a login may return to this address; it goes into a header by `in_ascii`."""
    if len(text) > MAX_LENGTH or not all(char.isascii() or _is_plain_letter(char) for char in text):
        return False
    text = in_ascii(text)
    if len(text) > MAX_LENGTH or not _PLAIN.fullmatch(text):
        return False
    if text.startswith("/"):
        return _has_plain_path(text)
    match = _ADDRESS.fullmatch(text)
    if match is None or not _has_plain_path(match[2] or "/"):
        return False
    return any(_lies_below(match[1], _path_of(match[2] or "/"), entry) for entry in allowed)


def origin_to_tell(return_url: str, public_base_url: str) -> str:
    """Return the origin of the window that waits for a login: that of the return address, or the gateway's own."""
    match = _ADDRESS.fullmatch(return_url)
    parts = urlsplit(match[1] if match else public_base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_plain_letter(char: str) -> bool:
    """Say whether a character beyond ASCII is seen, and becomes no sign that divides addresses in any normal form."""
    normal = unicodedata.normalize("NFKC", char)
    # A blank's normal form is a blank of ASCII, which is no part of an address either.
    return char.isprintable() and char not in _LIKE_A_SLASH and not set(normal) & set("/\\@:.%?#&;= ")


def _has_plain_path(rest: str) -> bool:
    path = _path_of(rest)
    if path == "":
        path = "/"
    return path.startswith("/") and not _ODD_IN_PATH.search(path) and not _DOT_SEGMENT.search(path)


def _path_of(rest: str) -> str:
    return _REST.split(rest, maxsplit=1)[0]


def _lies_below(origin: str, path: str, entry: str) -> bool:
    match = _ADDRESS.fullmatch(in_ascii(entry))
    if match is None or match[1] != origin:
        return False
    prefix = _path_of(match[2] or "/") or "/"
    return path == prefix or (path or "/").startswith(prefix if prefix.endswith("/") else prefix + "/")
