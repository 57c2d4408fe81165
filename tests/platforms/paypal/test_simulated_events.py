"""What the simulated PayPal sends, over HTTP, is proven with the certificate it serves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from app.security.outbound import OutboundClient
from sandbox.platforms.paypal.firing import CALLBACKS
from tests.platforms.deliveries import delivery
from tests.platforms.paypal.posting import channel
from tests.platforms.recorded import Judged, judge
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = [sample.type for sample in CALLBACKS.samples]


def taken(server: SandboxServer, gateway: StandIn) -> list[Judged]:
    source = channel(webhook_id=server.settings["PAYPAL_WEBHOOK_ID"], api_base=f"{server.url}/paypal")
    now, http = datetime.now(UTC), OutboundClient([server.url])
    return [
        judge(source, delivery(seen.body, seen.headers)._replace(received_at=now), http)
        for seen in gateway.received
    ]


def test_every_webhook_is_proven_and_understood(firing: SandboxServer, gateway: StandIn) -> None:
    sent = [fire(firing, platform="paypal", channel="paypal", type=kind)[0]["event_id"] for kind in TYPES]
    events = [judged.events[0] for judged in taken(firing, gateway)]
    assert [(event.type, event.key) for event in events] == list(zip(TYPES, sent, strict=True))


def test_a_webhook_for_somebody_else_is_refused(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, platform="paypal", channel="paypal", type=TYPES[0], webhook_id="OTHER")
    assert [judged.why for judged in taken(firing, gateway)] == ["bad_signature"]


@pytest.mark.parametrize("name", ["CERT-1", "x"])
def test_the_simulator_has_no_other_certificate(firing: SandboxServer, name: str) -> None:
    assert requests.get(f"{firing.url}/paypal/v1/notifications/certs/{name}", timeout=5).status_code == 404
