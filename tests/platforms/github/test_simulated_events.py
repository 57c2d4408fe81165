"""What the simulated GitHub sends, over HTTP, is proven by an independent library and understood by a channel."""

from __future__ import annotations

import pytest
from gidgethub.sansio import Event

from sandbox.platforms.github.firing import CALLBACKS
from tests.platforms.deliveries import NOW, delivery
from tests.platforms.github.signing import channel
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = [sample.type for sample in CALLBACKS.samples if sample.type != "ping"]


@pytest.mark.parametrize("content_type", ["json", "form"])
def test_every_sample_is_proven_and_understood(
    firing: SandboxServer, gateway: StandIn, content_type: str
) -> None:
    secret = firing.settings["GITHUB_WEBHOOK_SECRET"]
    for kind in TYPES:
        (result,) = fire(firing, channel="gh", platform="github", type=kind, content_type=content_type)
        seen = gateway.received.pop()
        event = Event.from_http(seen.headers, seen.body, secret=secret)
        source, request = channel(secret=secret), delivery(seen.body, seen.headers)
        ours = source.parse(request, source.verify(request, NOW))
        assert (ours.type, ours.key) == (kind, event.delivery_id) == (kind, result["event_id"])
        assert ours.data == event.data


def test_the_ping_is_known_as_one(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="gh", platform="github", type="ping")
    (seen,) = gateway.received
    source = channel(secret=firing.settings["GITHUB_WEBHOOK_SECRET"])
    assert source.verify(delivery(seen.body, seen.headers), NOW).is_challenge


def test_a_redelivery_can_be_ordered(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="gh", platform="github", type="push", delivery="the-same", count=2)
    assert {seen.headers["x-github-delivery"] for seen in gateway.received} == {"the-same"}
