"""The sample of a source as the simulator signs it, as a request at a gateway's channel."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from app.core.values import InboundRequest
from sandbox.sources.files import source as described
from sandbox.sources.signing import fire

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def fired(
    slug: str, *, seconds: float = 0, identifier: str = "evt-1", settings: dict[str, Any] | None = None
) -> tuple[InboundRequest, dict[str, Any]]:
    """Return the signed sample, made so many seconds from NOW, and the settings of a channel that takes it."""
    made = fire(
        described(slug),
        now=NOW.timestamp() + seconds,
        identifier=identifier,
        address=f"https://gateway.example/webhooks/{slug}",
        settings=settings,
    )
    path = f"/webhooks/{slug}" + (f"/{made.rest}" if made.rest else "")
    request = InboundRequest(
        made.method, path, made.query_string, tuple(made.headers.items()), made.body, "203.0.113.9", NOW
    )
    return request, made.settings


def with_query(request: InboundRequest, **changes: str | None) -> InboundRequest:
    pairs = dict(parse_qsl(request.query_string, keep_blank_values=True)) | changes
    return request._replace(query_string=urlencode({k: v for k, v in pairs.items() if v is not None}))
