"""What the simulator sends, over HTTP, is proven with the key that it hands out, and understood."""

from __future__ import annotations

from typing import Any

import pytest

from app.platforms.huawei_smn import PLATFORM
from sandbox.platforms.huawei_smn.firing import CALLBACKS
from tests.platforms.simulated_events import proven_events
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = {"Notification (no subject)": ["Notification"]}


def channel(server: SandboxServer) -> Any:
    own = server.settings
    settings = {"topic_urns": own["HUAWEI_SMN_TOPIC_URN"], "cert_url_prefixes": f"{server.url}/huawei_smn/"}
    return PLATFORM.open("simulated", PLATFORM.settings.model_validate(settings))


@pytest.mark.parametrize("kind", [sample.type for sample in CALLBACKS.samples])
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    found, told = proven_events(firing, gateway, channel(firing), slug="huawei-smn", kind=kind)
    assert [event.type for event in found] == TYPES.get(kind, [kind])
    assert found[0].key == told
