"""What the simulator sends, over HTTP, is proven with the key that it hands out, and understood."""

from __future__ import annotations

from typing import Any

import pytest

from app.platforms.aliyun_oss import PLATFORM
from sandbox.platforms.aliyun_oss.firing import CALLBACKS
from tests.platforms.simulated_events import proven_events
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = {"upload (JSON)": ["upload"]}


def channel(server: SandboxServer) -> Any:
    own = server.settings
    settings = {
        "token": own["ALIYUN_OSS_CALLBACK_TOKEN"],
        "buckets": own["ALIYUN_OSS_BUCKET"],
        "key_url_prefixes": f"{server.url}/aliyun_oss/",
    }
    return PLATFORM.open("simulated", PLATFORM.settings.model_validate(settings))


@pytest.mark.parametrize("kind", [sample.type for sample in CALLBACKS.samples])
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    found, told = proven_events(firing, gateway, channel(firing), slug="aliyun-oss", kind=kind)
    assert [event.type for event in found] == TYPES.get(kind, [kind])
    assert (found[0].key, found[0].data["bucket"]) == (told, "sandbox-bucket")
