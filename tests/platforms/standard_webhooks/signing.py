"""Deliveries of Standard Webhooks with the simulator's signature, and whatever a test changes about it."""

from __future__ import annotations

from base64 import b64decode

from app.core.values import InboundRequest
from sandbox.platforms.standard_webhooks.signer import headers_with_key
from tests.platforms.deliveries import SECONDS, delivery

WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def webhook(
    body: bytes,
    *,
    key: bytes | None = None,
    identifier: str = "msg_1",
    timestamp: str = str(SECONDS),
    prefix: str = "webhook",
    version: str = "v2",
) -> InboundRequest:
    raw_key = b64decode(WEBHOOK_SECRET[6:]) if key is None else key
    headers = headers_with_key(raw_key, identifier, timestamp, body)
    named = {name.replace("webhook", prefix, 1): value for name, value in headers.items()}
    return delivery(body, named, version)
