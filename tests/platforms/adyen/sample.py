"""The sample channel of Adyen for the suite that every platform goes through, and the notifications of its own tests."""

from __future__ import annotations

import json
from typing import Any

from app.core.values import InboundRequest
from sandbox.platforms.adyen.firing import signature
from tests.platforms.deliveries import delivery
from tests.platforms.samples import Sample

KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
SETTINGS = {"hmac_key_hex": KEY, "merchant_accounts": "TestMerchant"}
ITEM = {
    "pspReference": "7914073381342284",
    "merchantReference": "Order:1",
    "merchantAccountCode": "TestMerchant",
    "amount": {"currency": "EUR", "value": 1130},
    "eventCode": "AUTHORISATION",
    "success": "true",
    "eventDate": "2026-05-28T22:26:40+02:00",
}


def signed(item: dict[str, Any], key: str = KEY) -> dict[str, Any]:
    return item | {"additionalData": {"hmacSignature": signature(key, item)}}


def notification(*items: Any, **changes: Any) -> bytes:
    wrapped = [{"NotificationRequestItem": item} for item in items]
    return json.dumps({"live": "false", "notificationItems": wrapped} | changes).encode()


def prove(body: bytes) -> InboundRequest:
    """Return the delivery of a body; where it is a notification, each of its items is signed."""
    try:
        said = json.loads(body)
        items = [signed(each["NotificationRequestItem"]) for each in said["notificationItems"]]
        body = notification(*items)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return delivery(body, {"Content-Type": "application/json"})


SAMPLES = (
    Sample(
        "adyen",
        "hmac",
        SETTINGS,
        prove,
        notification(ITEM),
        covers_body=False,
        has_window=False,
        proof_in_body=True,
    ),
)
OWN_VALUES = {"ADYEN_HMAC_KEY": KEY}
