"""The sample channels of App Store notifications for the suite that every platform goes through."""

from __future__ import annotations

import json

from app.core.values import InboundRequest
from app.platforms.apple_notifications.root import APPLE_ROOT_CA_G3
from sandbox.platforms.apple_notifications import keys
from sandbox.platforms.apple_notifications.signer import signed_bytes
from tests.platforms.apple_notifications.posting import SETTINGS, payload, post
from tests.platforms.samples import Sample

HEADER = {"alg": "ES256", "x5c": [keys.LEAF, keys.INTERMEDIATE, keys.ROOT]}


def prove(body: bytes) -> InboundRequest:
    """Sign any bytes as what a notification says."""
    return post(signed_bytes(body, HEADER))


SAMPLES = (
    Sample(
        "apple-notifications",
        "production",
        SETTINGS,
        prove,
        json.dumps(payload()).encode(),
        has_window=False,
        proof_in_body=True,
    ),
    Sample(
        "apple-notifications",
        "sandbox",
        SETTINGS | {"environment": "Sandbox"},
        prove,
        json.dumps(payload({"environment": "Sandbox"})).encode(),
        has_window=False,
        proof_in_body=True,
    ),
)
OWN_VALUES = {
    "APPLE_APP_APPLE_ID": "1234567890",
    "APPLE_ROOT_CERTIFICATE": APPLE_ROOT_CA_G3.strip(),
}
"""What an operator might write instead of the simulator's values: the root is Apple's own."""
