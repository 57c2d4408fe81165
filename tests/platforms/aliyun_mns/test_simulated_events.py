"""What the simulator sends, over HTTP, is proven with the key that it hands out, and understood."""

from __future__ import annotations

from typing import Any

import pytest

from app.platforms.aliyun_mns import PLATFORM
from sandbox.platforms.aliyun_mns.firing import CALLBACKS
from tests.platforms.simulated_events import proven_events
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = {kind: ["sandbox-topic"] for kind in ("JSON", "XML", "SIMPLIFIED")}


def channel(server: SandboxServer) -> Any:
    own = server.settings
    settings = {
        "topic_owner": own["ALIYUN_MNS_TOPIC_OWNER"],
        "topic_names": own["ALIYUN_MNS_TOPIC_NAME"],
        "cert_url_prefixes": f"{server.url}/aliyun_mns/",
    }
    return PLATFORM.open("simulated", PLATFORM.settings.model_validate(settings))


@pytest.mark.parametrize("kind", [sample.type for sample in CALLBACKS.samples])
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    found, told = proven_events(firing, gateway, channel(firing), slug="aliyun-mns", kind=kind)
    assert [event.type for event in found] == TYPES.get(kind, [kind])
    assert (found[0].key, found[0].data["Message"]) == (told, "订单已支付 & 待发货")
