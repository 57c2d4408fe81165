"""Where a login may return to: a local path, or an address below one of the configured RETURN_URLS.

Nothing is normalised. An address that two parsers could read differently is refused, whatever it was meant to be.
Background: RFC 9700 §4.11 (open redirection); WHATWG URL, which browsers follow (both read 2026-11-20).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from app.core.errors import RequestError

MAX_LENGTH = 2000

# Printable ASCII but for blanks, quotes, angle brackets, backslash, ^, `, {, | and }, which no address needs raw.
_PLAIN = re.compile(r"[!#-;=?-\[\]_a-z~]+")
_ODD_IN_PATH = re.compile(r"//|@|%(?:2[ef]|5c|40|[01][0-9a-f]|7f)|%(?![0-9a-f]{2})", re.IGNORECASE)
_DOT_SEGMENT = re.compile(r"/\.{1,2}(?:/|$)")
_REST = re.compile(r"[?#]")
_ADDRESS = re.compile(r"(https?://[^/?#@\[\]\\]+)([/?#].*)?")


def checked_return_url(text: str, allowed: Iterable[str]) -> str:
    """Return the address unchanged when a login may return to it; raises RequestError."""
    if not is_safe_return_url(text, allowed):
        raise RequestError(
            "bad_return_url",
            "next must be a path on this gateway, or an address below one of RETURN_URLS; it is taken literally.",
        )
    return text


def is_safe_return_url(text: str, allowed: Iterable[str]) -> bool:
    """Say whether a login may return to this address."""
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


def _has_plain_path(rest: str) -> bool:
    path = _path_of(rest)
    if path == "":
        path = "/"
    return path.startswith("/") and not _ODD_IN_PATH.search(path) and not _DOT_SEGMENT.search(path)


def _path_of(rest: str) -> str:
    return _REST.split(rest, maxsplit=1)[0]


def _lies_below(origin: str, path: str, entry: str) -> bool:
    match = _ADDRESS.fullmatch(entry)
    if match is None or match[1] != origin:
        return False
    prefix = _path_of(match[2] or "/") or "/"
    return path == prefix or (path or "/").startswith(prefix if prefix.endswith("/") else prefix + "/")
