"""A delivery as the web layer hands it to a platform, at one fixed time; what proves it is added by each platform's signing."""

from __future__ import annotations

from datetime import UTC, datetime

from app.core.values import InboundRequest

NOW = datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


def delivery(body: bytes, headers: dict[str, str] | None = None, version: str = "v1") -> InboundRequest:
    return InboundRequest(
        method="POST",
        path="/webhooks/callback",
        query_string="",
        headers=tuple((headers or {}).items()),
        body=body,
        remote_addr="203.0.113.9",
        received_at=NOW,
        version=version,
    )
