"""The sample channels of Pub/Sub for the suite that every platform goes through."""

from __future__ import annotations

import json
from functools import partial

from sandbox.platforms.google_pubsub.signer import jwks
from tests.platforms.google_pubsub.pushing import SETTINGS, SUBSCRIPTION, envelope, push
from tests.platforms.samples import Sample

METADATA = {
    "x_goog_pubsub_subscription_name": SUBSCRIPTION,
    "x_goog_pubsub_message_id": "207",
    "x_goog_pubsub_publish_time": "2026-05-28T20:26:40Z",
}
OWN = SETTINGS | {"jwks": jwks()}
SAMPLES = (
    Sample("google-pubsub", "jwt", OWN, push, json.dumps(envelope()).encode(), covers_body=False),
    Sample(
        "google-pubsub",
        "unwrapped",
        OWN | {"payload_unwrapping": True},
        partial(push, **METADATA),
        b"hello",
        covers_body=False,
        has_window=False,
    ),
)
OWN_VALUES = {"GOOGLE_PUBSUB_SUBSCRIPTION": "projects/shop/subscriptions/gateway"}
"""What an operator might write instead of the simulator's subscription."""
