"""What the simulator sends, over HTTP, is proven with the key that it hands out, and understood."""

from __future__ import annotations

from typing import Any

import pytest

from app.platforms.huawei_smn import PLATFORM
from app.security.outbound import OutboundClient
from sandbox.platforms.huawei_smn.firing import CALLBACKS
from tests.platforms.recorded_cases import as_request, events_of
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = {"Notification (no subject)": ["Notification"]}


def channel(server: SandboxServer) -> Any:
    own = server.settings
    settings = {"topic_urns": own["HUAWEI_SMN_TOPIC_URN"], "cert_url_prefixes": f"{server.url}/huawei_smn/"}
    return PLATFORM.open("simulated", PLATFORM.settings.model_validate(settings))


@pytest.mark.parametrize("kind", [sample.type for sample in CALLBACKS.samples])
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    (result,) = fire(firing, platform="huawei-smn", channel="huawei-smn", type=kind)
    (seen,) = gateway.received
    found = events_of(channel(firing), as_request(seen), OutboundClient([firing.url]))
    assert isinstance(found, list)
    assert [event.type for event in found] == TYPES.get(kind, [kind])
    assert found[0].key
    assert found[0].key == result["event_id"]
