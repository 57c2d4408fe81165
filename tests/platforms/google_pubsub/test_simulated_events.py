"""What the simulated Pub/Sub pushes, over HTTP, is proven with the keys it serves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.security.outbound import OutboundClient
from sandbox.platforms.google_pubsub.firing import CALLBACKS
from tests.platforms.deliveries import delivery
from tests.platforms.google_pubsub.pushing import channel
from tests.platforms.recorded import judge
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = [sample.type for sample in CALLBACKS.samples]


@pytest.mark.parametrize("unwrapped", [False, True], ids=["wrapped", "unwrapped"])
def test_every_sample_is_proven_and_understood(
    firing: SandboxServer, gateway: StandIn, unwrapped: bool
) -> None:
    own = firing.settings
    source = channel(
        audience=own["GOOGLE_PUBSUB_AUDIENCE"],
        service_account=own["GOOGLE_PUBSUB_SERVICE_ACCOUNT"],
        subscriptions=own["GOOGLE_PUBSUB_SUBSCRIPTION"],
        api_base=f"{firing.url}/google_pubsub",
        payload_unwrapping=unwrapped,
    )
    sent = [
        fire(firing, platform="google-pubsub", channel="pubsub", type=kind, unwrapped=unwrapped)[0][
            "event_id"
        ]
        for kind in TYPES
    ]
    http, now = OutboundClient([firing.url]), datetime.now(UTC)
    judged = [
        judge(source, delivery(seen.body, seen.headers)._replace(received_at=now), http)
        for seen in gateway.received
    ]
    events = [each.events[0] for each in judged]
    assert [event.type for event in events] == TYPES
    assert [str(event.key).rpartition(":")[2] for event in events] == sent
    assert all("content" in event.data for event in events)
