"""Webhooks of PayPal with the simulator's signature, and a channel that takes them."""

from __future__ import annotations

import json
from typing import Any

from app.core.values import InboundRequest
from sandbox.platforms.paypal.signer import certificate_pem, certificate_url, headers_of
from tests.platforms.deliveries import delivery
from tests.platforms.recorded import Remote, opened

WEBHOOK_ID = "1JE4291016473214C"
ADDRESS = certificate_url("https://api.paypal.com")
PEM = certificate_pem().decode()
SETTINGS = {"webhook_id": WEBHOOK_ID}
TRANSMISSION = "69cd13f0-d67a-11e5-baa3-778b53f4ae55"
TIME = "2026-05-28T20:26:40Z"
CAPTURE = {
    "id": "WH-1",
    "create_time": "2026-05-28T20:26:38Z",
    "event_type": "PAYMENT.CAPTURE.COMPLETED",
    "resource": {"id": "42311647XV020574X", "amount": {"value": "9.90"}},
}
BODY = json.dumps(CAPTURE).encode()


def channel(**changes: Any) -> Any:
    return opened("paypal", SETTINGS | changes)


def remote(address: str = ADDRESS) -> Remote:
    return Remote({address: PEM})


def webhook(
    body: bytes = BODY, *, webhook_id: str = WEBHOOK_ID, time: str = TIME, **headers: Any
) -> InboundRequest:
    """Return a delivery; `headers` replace those of the signature, an empty one is left out."""
    made = headers_of(
        body, webhook_id=webhook_id, identifier=TRANSMISSION, time=time, certificate_url=ADDRESS
    )
    made |= {name.replace("_", "-"): value for name, value in headers.items()}
    return delivery(body, {name: value for name, value in made.items() if value})
