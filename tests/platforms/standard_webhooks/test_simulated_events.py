"""What the simulated sender of Standard Webhooks sends verifies with the reference library."""

from __future__ import annotations

from standardwebhooks import Webhook

from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer


def test_standard_webhooks_verify_with_the_library(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="billing", platform="standard-webhooks", type="invoice.paid")
    (seen,) = gateway.received
    assert seen.path == "/webhooks/billing"
    data = Webhook(firing.settings["STANDARD_WEBHOOKS_SECRET"]).verify(seen.body, seen.headers)
    assert data["type"] == "invoice.paid"
