"""What the simulated GitLab sends, over HTTP, is proven by independent libraries and understood by a channel."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from gidgetlab.sansio import Event
from standardwebhooks import Webhook

from sandbox.platforms.gitlab.firing import CALLBACKS
from tests.platforms.deliveries import delivery
from tests.platforms.gitlab.signing import channel
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = [sample.type for sample in CALLBACKS.samples]


def test_every_sample_is_signed_and_understood(firing: SandboxServer, gateway: StandIn) -> None:
    secret = firing.settings["GITLAB_WEBHOOK_SECRET"]
    for kind in TYPES:
        (result,) = fire(firing, channel="gl", platform="gitlab", type=kind)
        seen = gateway.received.pop()
        said = Webhook(secret).verify(seen.body, seen.headers)
        source, request = channel(secret), delivery(seen.body, seen.headers)
        event = source.parse(request, source.verify(request, datetime.now(UTC)))
        assert (event.type, event.key) == (kind, result["event_id"])
        assert event.data == said


def test_a_secret_token_can_be_the_proof(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="gl", platform="gitlab", type="Push Hook", secret="a plain secret token")
    (seen,) = gateway.received
    assert "webhook-signature" not in seen.headers
    event = Event.from_http(seen.headers, seen.body, secret="a plain secret token")
    source, request = channel("a plain secret token"), delivery(seen.body, seen.headers)
    ours = source.parse(request, source.verify(request, datetime.now(UTC)))
    assert (ours.type, ours.data) == (event.event, event.data)


def test_a_redelivery_can_be_ordered(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="gl", platform="gitlab", type="Push Hook", delivery="the-same", count=2)
    assert {seen.headers["webhook-id"] for seen in gateway.received} == {"the-same"}


@pytest.mark.parametrize("proof", ["token", "signature"])
def test_the_proof_can_be_chosen(firing: SandboxServer, gateway: StandIn, proof: str) -> None:
    fire(firing, channel="gl", platform="gitlab", type="Push Hook", proof=proof)
    (seen,) = gateway.received
    assert ("x-gitlab-token" in seen.headers, "webhook-signature" in seen.headers) == (
        proof == "token",
        proof == "signature",
    )
