"""Standard Webhooks v1, symmetric: standardwebhooks.com, specification (read 2026-11-20).

Pure functions on bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode


def headers_of(secret: str, message_id: str, timestamp: int | str, body: bytes) -> dict[str, str]:
    """Signs id, timestamp and body with the key behind `whsec_`."""
    return headers_with_key(b64decode(secret.removeprefix("whsec_")), message_id, timestamp, body)


def headers_with_key(key: bytes, message_id: str, timestamp: int | str, body: bytes) -> dict[str, str]:
    """Signs with the key's own bytes."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode(),
    }
