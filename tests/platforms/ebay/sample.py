"""The sample channel of eBay for the suite that every platform goes through."""

from __future__ import annotations

import json
from typing import Any

from app.core.values import InboundRequest
from sandbox.cloud_keys import EC_KEY, public_pem
from sandbox.platforms.ebay.api import KEY_ID
from sandbox.platforms.ebay.firing import signature
from tests.platforms.deliveries import delivery
from tests.platforms.samples import Sample

TOKEN = "verification-token-0123456789abcdefghij"
ENDPOINT = "https://gw.example.com/webhooks/ebay"
SETTINGS = {"verification_token": TOKEN, "endpoint": ENDPOINT, "public_keys": {KEY_ID: public_pem(EC_KEY)}}
CONTENT: dict[str, Any] = {
    "metadata": {"topic": "MARKETPLACE_ACCOUNT_DELETION", "schemaVersion": "1.0"},
    "notification": {
        "notificationId": "n-1",
        "eventDate": "2026-05-28T20:26:40.000Z",
        "data": {"username": "用户", "userId": "u-1"},
    },
}
BODY = json.dumps(CONTENT, ensure_ascii=False, separators=(",", ":")).encode()


def notification(body: bytes = BODY, *, header: str | None = None) -> InboundRequest:
    """Return a delivery with eBay's signature over the body, or with another header."""
    made = signature(body) if header is None else header
    return delivery(body, {"Content-Type": "application/json", "X-EBAY-SIGNATURE": made})


SAMPLES = (Sample("ebay", "ecdsa", SETTINGS, notification, BODY, has_window=False),)
OWN_VALUES = {"EBAY_VERIFICATION_TOKEN": TOKEN, "EBAY_ENDPOINT": ENDPOINT}
