"""From a WSGI request to an InboundRequest: the exact bytes, bounded; the caller's address; the version.

Works on the WSGI environment, because callbacks are answered before Flask makes its request: by front_door.py under
any WSGI server, by loop_front.py under ours, which makes the same environment of its own kind of request (scope.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from werkzeug.wsgi import get_content_length

from app.core.clock import Clock
from app.core.errors import RefusedError
from app.core.values import InboundRequest
from app.pipeline.inbound.prepare import longest_body
from app.pipeline.inbound.proof import keep_rejected_command
from app.pipeline.services import Services
from app.security.addresses import canonical_address

CHUNK_BYTES = 65_536
DEFAULT_VERSION = "v1"
LONGEST_VERSION = 8
"""What the column holds. What is cut off is no version that anybody knows, and platforms with versions refuse it."""
ODD_ONES = ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")
CONTENT = (("Content-Type", "CONTENT_TYPE"), ("Content-Length", "CONTENT_LENGTH"))

Environ = Mapping[str, Any]


def read_delivery(
    services: Services, environ: Environ, channel_name: str, *, trace_id: str, version: str | None = None
) -> InboundRequest:
    """Read a delivery to a channel, bounded by its limit; one that is too large is kept as a rejection without a body."""
    settings = services.settings
    try:
        body = read_body(environ, longest_body(services, services.channels.get(channel_name)))
    except RefusedError as error:
        evidence = inbound_request(environ, b"", services.clock, settings.trusted_proxies)
        keep_rejected_command(services, evidence, error, trace_id=trace_id)
        raise
    return inbound_request(environ, body, services.clock, settings.trusted_proxies, version=version)


def inbound_request(
    environ: Environ, body: bytes, clock: Clock, trusted_proxies: int, *, version: str | None = None
) -> InboundRequest:
    """Return the delivery as a value."""
    return InboundRequest(
        environ["REQUEST_METHOD"],
        environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        environ.get("QUERY_STRING", ""),
        header_pairs(environ),
        body,
        client_address(environ, trusted_proxies),
        received_at=clock.now(),
        version=(version or environ.get("HTTP_X_API_VERSION", DEFAULT_VERSION))[:LONGEST_VERSION],
    )


def header_pairs(environ: Environ) -> tuple[tuple[str, str], ...]:
    """Return the headers as the server handed them over; one repeated on the wire arrives joined."""
    pairs = [
        (_wire_name(name), value)
        for name, value in environ.items()
        if name.startswith("HTTP_") and name not in ODD_ONES
    ]
    pairs += [(name, environ[key]) for name, key in CONTENT if environ.get(key)]
    return tuple(pairs)


@lru_cache(maxsize=512)
def _wire_name(name: str) -> str:
    return name[5:].replace("_", "-").title()


def bearer_of(header: str | None) -> str:
    """Return the text behind `Bearer`, empty where there is none."""
    return (header or "").removeprefix("Bearer ") if (header or "").startswith("Bearer ") else ""


def read_body(environ: Environ, limit: int) -> bytes:
    """Read the body, one byte past the limit at most, whether its length was declared or it came in chunks.

    Werkzeug's own limit cuts a chunked body silently, so it is not used. Raises RefusedError when the body is larger
    than `limit` bytes or cut short.
    """
    declared = get_content_length(environ)  # type: ignore[arg-type]
    if declared is not None and declared > limit:
        raise too_large(limit)
    if declared is None and not environ.get("wsgi.input_terminated"):
        return b""
    body = _read_up_to(environ["wsgi.input"], limit + 1 if declared is None else declared)
    if len(body) > limit:
        raise too_large(limit)
    if declared is not None and len(body) < declared:
        raise cut_short()
    return body


def _read_up_to(stream: Any, count: int) -> bytes:
    parts, left = [], count
    while left > 0:
        part = stream.read(min(left, CHUNK_BYTES))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def too_large(limit: int) -> RefusedError:
    """Return the refusal of a body over the limit."""
    return RefusedError(
        "body_too_large", f"The body is larger than {limit} bytes (MAX_BODY_BYTES).", http_status=413
    )


def cut_short() -> RefusedError:
    """Return the refusal of a body that ended before its end."""
    return RefusedError(
        "truncated_body", "The body is shorter than its Content-Length or chunks say.", http_status=400
    )


def client_address(environ: Environ, trusted_proxies: int) -> str:
    """Return the caller's address: the peer's, or what the outermost trusted proxy wrote into X-Forwarded-For.

    It has one form from here on (security.addresses); what cannot be read is UNREADABLE.
    """
    peer = str(environ.get("REMOTE_ADDR") or "")
    hops = _hops(environ, "HTTP_X_FORWARDED_FOR") if trusted_proxies else []
    return canonical_address(
        hops[-trusted_proxies] if trusted_proxies and len(hops) >= trusted_proxies else peer
    )


def is_secure(environ: Environ, trusted_proxies: int) -> bool:
    """Say whether the caller used https, as far as the server or a trusted proxy knows."""
    if trusted_proxies:
        last = str(environ.get("HTTP_X_FORWARDED_PROTO", "")).split(",")[-1].strip().lower()
        if last:
            return last == "https"
    return str(environ["wsgi.url_scheme"]) == "https"


def _hops(environ: Environ, name: str) -> list[str]:
    return [part.strip() for part in environ.get(name, "").split(",") if part.strip()]
