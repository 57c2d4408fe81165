"""What the simulated App Store sends, over HTTP, is proven up to its root and understood."""

from __future__ import annotations

import json

import pytest
import requests

from sandbox.platforms.apple_notifications.firing import CALLBACKS
from tests.platforms.apple_notifications.posting import channel
from tests.platforms.deliveries import delivery
from tests.platforms.recorded import Judged, judge
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = [sample.type for sample in CALLBACKS.samples]


def taken(server: SandboxServer, gateway: StandIn, environment: str = "Production") -> list[Judged]:
    own = server.settings
    source = channel(
        bundle_id=own["APPLE_BUNDLE_ID"],
        app_apple_id=own["APPLE_APP_APPLE_ID"],
        root_certs_pem=own["APPLE_ROOT_CERTIFICATE"],
        environment=environment,
    )
    return [judge(source, delivery(seen.body, seen.headers)) for seen in gateway.received]


def test_every_type_is_proven_and_understood(firing: SandboxServer, gateway: StandIn) -> None:
    sent = [
        fire(firing, platform="apple-notifications", channel="apple", type=kind)[0]["event_id"]
        for kind in TYPES
    ]
    events = [judged.events[0] for judged in taken(firing, gateway)]
    assert [(event.type, event.key) for event in events] == list(zip(TYPES, sent, strict=True))


def test_what_is_signed_within_is_opened(firing: SandboxServer, gateway: StandIn) -> None:
    for kind in ("SUBSCRIBED.INITIAL_BUY", "RESCIND_CONSENT"):
        fire(firing, platform="apple-notifications", channel="apple", type=kind)
    purchase, consent = (judged.events[0].data for judged in taken(firing, gateway))
    assert purchase["data"]["transactionInfo"]["productId"] == "com.callgate.sandbox.monthly"
    assert purchase["data"]["renewalInfo"]["autoRenewStatus"] == 1
    assert consent["appData"]["appTransactionInfo"]["receiptType"] == "Production"


@pytest.mark.parametrize("environment", ["Production", "Sandbox"])
def test_the_environment_is_an_option(firing: SandboxServer, gateway: StandIn, environment: str) -> None:
    fire(firing, platform="apple-notifications", channel="apple", type="TEST", environment=environment)
    (judged,) = taken(firing, gateway)
    assert judged.why == ("" if environment == "Production" else "wrong_environment")
    (judged,) = taken(firing, gateway, "Sandbox")
    assert judged.why == ("" if environment == "Sandbox" else "wrong_environment")


def test_an_unknown_environment_is_a_fault_of_the_order(firing: SandboxServer) -> None:
    order = {"platform": "apple-notifications", "channel": "apple", "type": "TEST", "environment": "Xcode"}
    answer = requests.post(
        f"{firing.url}/_sandbox/fire",
        data=json.dumps(order),
        headers={"Content-Type": "application/json"},
        timeout=5,
    )
    assert answer.status_code == 400
