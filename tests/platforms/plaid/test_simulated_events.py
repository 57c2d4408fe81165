"""What the simulator sends, over HTTP, is proven with the key that it hands out, and understood."""

from __future__ import annotations

from typing import Any

import pytest

from app.platforms.plaid import PLATFORM
from sandbox.platforms.plaid.firing import CALLBACKS
from tests.platforms.simulated_events import proven_events
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES: dict[str, list[str]] = {}


def channel(server: SandboxServer) -> Any:
    own = server.settings
    settings = {
        "client_id": own["PLAID_CLIENT_ID"],
        "secret": own["PLAID_SECRET"],
        "api_base": f"{server.url}/plaid",
    }
    return PLATFORM.open("simulated", PLATFORM.settings.model_validate(settings))


@pytest.mark.parametrize("kind", [sample.type for sample in CALLBACKS.samples])
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    found, told = proven_events(firing, gateway, channel(firing), slug="plaid", kind=kind)
    assert [event.type for event in found] == TYPES.get(kind, [kind])
    assert found[0].key == told
