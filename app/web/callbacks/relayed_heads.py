"""The head of a relayed call, read from the WSGI environment; nothing is judged here."""

from __future__ import annotations

from app.pipeline.relay.admission import CallHead
from app.web.callbacks.reading import Environ, header_pairs

START = "/relay/"


def is_relayed(environ: Environ) -> bool:
    """Say whether a request is a call to be relayed."""
    return str(environ["PATH_INFO"]).startswith(START)


def head_of(environ: Environ) -> CallHead:
    """Return the head of a call; the host that a request line or a header names plays no part."""
    channel, _, path = str(environ["PATH_INFO"]).removeprefix(START).partition("/")
    return CallHead(
        channel=channel,
        method=environ["REQUEST_METHOD"],
        path=f"/{path}",
        query=environ.get("QUERY_STRING", ""),
        headers={name.lower(): value for name, value in header_pairs(environ)},
    )
