"""Origins of pages that may call the API from a browser (CORS_ORIGINS): scheme, host and port as browsers write them."""

from __future__ import annotations

from urllib.parse import urlsplit

USUAL_PORTS = {"http": 80, "https": 443}
MOST_ORIGINS = 100


def checked_origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return origins as browsers send them; raises ValueError. Neither `*` nor `null` is one: every page has those."""
    if len(values) > MOST_ORIGINS:
        raise ValueError(f"may hold {MOST_ORIGINS} origins at most")
    return tuple(map(_checked, values))


def _checked(value: str) -> str:
    parts = urlsplit(value)
    is_plain = value.isascii() and value.isprintable() and "@" not in value and " " not in value
    if not is_plain or parts.scheme not in USUAL_PORTS or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError(f"{value[:80]!r} is no origin such as https://app.example.com")
    if parts.query or parts.fragment or "?" in value or "#" in value or "*" in value:
        raise ValueError(f"{value[:80]!r} is no origin such as https://app.example.com")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port
    shown = "" if port in (None, USUAL_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"
