"""What the simulator sends, over HTTP, is proven with the key that it hands out, and understood."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from app.core.errors import UpstreamError
from app.core.values import Reply
from app.platforms.ebay import PLATFORM
from app.security.outbound import OutboundClient
from sandbox.platforms.ebay.firing import CALLBACKS, CHALLENGE
from tests.platforms.recorded_cases import as_request, events_of
from tests.platforms.simulated_events import proven_events
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES: dict[str, list[str]] = {}


def channel(server: SandboxServer) -> Any:
    own = server.settings
    settings = {
        "verification_token": own["EBAY_VERIFICATION_TOKEN"],
        "endpoint": own["EBAY_ENDPOINT"],
        "client_id": own["EBAY_CLIENT_ID"],
        "client_secret": own["EBAY_CLIENT_SECRET"],
        "api_base": f"{server.url}/ebay",
    }
    return PLATFORM.open("simulated", PLATFORM.settings.model_validate(settings))


@pytest.mark.parametrize("kind", [sample.type for sample in CALLBACKS.samples if sample.type != CHALLENGE])
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    found, told = proven_events(firing, gateway, channel(firing), slug="ebay", kind=kind)
    assert [event.type for event in found] == TYPES.get(kind, [kind])
    assert found[0].key == told


def test_the_challenge_is_answered(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, platform="ebay", channel="ebay", type=CHALLENGE, data={"challenge_code": "abc"})
    (seen,) = gateway.received
    found = events_of(channel(firing), as_request(seen), OutboundClient([firing.url]))
    own = firing.settings
    text = "abc" + own["EBAY_VERIFICATION_TOKEN"] + own["EBAY_ENDPOINT"]
    assert isinstance(found, Reply)
    assert json.loads(found.body) == {"challengeResponse": hashlib.sha256(text.encode()).hexdigest()}


def test_without_a_keyset_ebay_hands_out_no_key(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, platform="ebay", channel="ebay", type="ITEM_AVAILABILITY")
    (seen,) = gateway.received
    source = channel(firing)
    bare = PLATFORM.settings.model_validate(source.settings.model_dump() | {"client_id": ""})
    with pytest.raises(UpstreamError, match="does not hand out"):
        events_of(PLATFORM.open("bare", bare), as_request(seen), OutboundClient([firing.url]))
