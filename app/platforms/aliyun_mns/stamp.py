"""What a push of Aliyun MNS signs: method, three headers, every x-mns header, and the address. Pure.

Sources (read 2026-11-28): help.aliyun.com, MNS, "Verify the signature of an HTTP push"; a published request with its certificate. What is odd: the body is bound only through
Content-MD5, of which three spellings are seen, so the digest is made again here and a request without it is refused.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final
from urllib.parse import quote

from app.core.errors import VerificationError
from app.core.values import InboundRequest
from app.security.signatures import digest_of, matching, wire_bytes
from app.wire.header_values import needed_header

PREFIX: Final = "x-mns-"
MOST_HEADERS: Final = 50
PATH_LETTERS: Final = "/:@!$&'()*+,;=~"
"""Letters that a path holds as they are (RFC 3986 §3.3)."""


def signed_message(request: InboundRequest) -> bytes:
    """Return the bytes that were signed; raises VerificationError."""
    lines = [
        request.method,
        needed_header(request, "Content-MD5", longest=128),
        request.header("Content-Type") or "",
        needed_header(request, "Date", longest=128),
        *_own_headers(request),
    ]
    address = quote(request.path, safe=PATH_LETTERS).encode()
    query = wire_bytes(f"?{request.query_string}" if request.query_string else "")
    return b"\n".join([*(wire_bytes(line) for line in lines), address + query])


def check_digest(request: InboundRequest) -> None:
    """Compare Content-MD5 with the body; raises VerificationError."""
    given = wire_bytes(needed_header(request, "Content-MD5", longest=128))
    digest = digest_of("md5", request.body)
    written = (b64encode(digest.hex().encode()), b64encode(digest), digest.hex().upper())
    if matching(given, written) is None:
        raise VerificationError(
            "wrong_body", "Content-MD5 is not the body's digest; something changed it on the way."
        )


def _own_headers(request: InboundRequest) -> list[str]:
    names = sorted({name.lower() for name, _ in request.headers if name.lower().startswith(PREFIX)})
    if len(names) > MOST_HEADERS:
        raise VerificationError("bad_signature_header", f"More than {MOST_HEADERS} headers {PREFIX}….")
    return [f"{name}:{request.header(name)}" for name in names]
