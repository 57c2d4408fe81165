"""The two proofs of GitLab's webhooks: gitlab-org/gitlab, web_hook_service.rb and merge request 230944 (read 2026-11-28).

Pure functions on bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode


def headers_of(event: str, delivery: str) -> dict[str, str]:
    """Names the event and the delivery, as every request does. The request's own UUID differs each time; here it is derived."""
    return {
        "User-Agent": "GitLab/19.2.0",
        "Idempotency-Key": delivery,
        "X-Gitlab-Event": event,
        "X-Gitlab-Webhook-UUID": hashlib.sha256(f"request {delivery}".encode()).hexdigest()[:32],
        "X-Gitlab-Event-UUID": hashlib.sha256(f"event {delivery}".encode()).hexdigest()[:32],
        "X-Gitlab-Instance": "https://gitlab.example.com",
    }


def token_headers(secret: str) -> dict[str, str]:
    """Shows the secret token."""
    return {"X-Gitlab-Token": secret}


def signature_headers(secret: str, delivery: str, timestamp: int | str, body: bytes) -> dict[str, str]:
    """Signs delivery, time and body with the key behind `whsec_`."""
    key = b64decode(secret.removeprefix("whsec_"))
    signed = f"{delivery}.{timestamp}.".encode() + body
    return {
        "webhook-id": delivery,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode(),
    }
