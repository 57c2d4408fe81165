"""How many headers a request may have and how large they may be together; judged before anything reads one.

Pure: names and values in, a refusal or nothing out. Whatever looks at headers, searches them for secrets or stores
them may rely on these bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.errors import RefusedError

MOST_HEADERS = 80
"""Fewer than the 100 at which the server itself answers 431, without a word."""

MOST_BYTES = 32_768
"""Names and values together. WSGI joins a repeated header, so it counts there as one, with all its bytes."""


def check_headers(pairs: Iterable[tuple[str, str]]) -> None:
    """Refuse a request whose headers are too many or too large; raises RefusedError 431 (RFC 6585 §5)."""
    count = size = 0
    for name, value in pairs:
        count += 1
        size += len(name) + len(value)
    if count > MOST_HEADERS or size > MOST_BYTES:
        raise RefusedError(
            "headers_too_large",
            f"The request has {count} headers of {size} bytes in all; {MOST_HEADERS} headers and {MOST_BYTES} bytes "
            "are taken. Send fewer or shorter ones, cookies and proxy headers included.",
            http_status=431,
        )


def check_environ(environ: Mapping[str, Any]) -> None:
    """Do the same with the headers of a WSGI environment."""
    check_headers((name, value) for name, value in environ.items() if name.startswith("HTTP_"))
